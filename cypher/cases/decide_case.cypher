// Close a case with what was decided.
// mode: write
// params: $caseId string, $conclusion string,
//   $typology string (null: none), $reason string, $actions list<string>,
//   $decidedBy string, $decidedMillis integer (ms since 1970)
// returns: nothing
// timeout: 5 s
MATCH (c:Case {caseId: $caseId})
SET
  c.state = 'closed',
  c.conclusion = $conclusion,
  c.typology = $typology,
  c.decisionReason = $reason,
  c.actions = $actions,
  c.decidedBy = $decidedBy,
  c.decidedAt = datetime({epochMillis: $decidedMillis})
