// Keep what a step made of a case.
// mode: write
// params: $caseId string, $state string, $stage string,
//   $assignee string (null: nobody), $claimedBy string (null: nobody),
//   $assignedMillis integer (ms; null),
//   $priority integer, $dueMillis integer (ms),
//   $snoozedMillis integer (ms; null),
//   $conclusion string (null), $typology string (null),
//   $decisionReason string (null), $actions list<string> (null),
//   $decidedBy string (null), $approvedBy string (null),
//   $decidedMillis integer (ms; null), $appealed list<string> (null),
//   $pending string (null), $decisions integer, $version integer,
//   $trailHash string
// returns: nothing
// timeout: 5 s
MATCH (c:Case {caseId: $caseId})
SET
  c.state = $state,
  c.stage = $stage,
  c.assignee = $assignee,
  c.claimedBy = $claimedBy,
  c.assignedAt =
    CASE WHEN $assignedMillis IS NULL THEN null
      ELSE datetime({epochMillis: $assignedMillis})
    END,
  c.priority = $priority,
  c.dueAt =
    CASE WHEN $dueMillis IS NULL THEN null
      ELSE datetime({epochMillis: $dueMillis})
    END,
  c.snoozedUntil =
    CASE WHEN $snoozedMillis IS NULL THEN null
      ELSE datetime({epochMillis: $snoozedMillis})
    END,
  c.conclusion = $conclusion,
  c.typology = $typology,
  c.decisionReason = $decisionReason,
  c.actions = $actions,
  c.decidedBy = $decidedBy,
  c.approvedBy = $approvedBy,
  c.appealed = $appealed,
  c.decidedAt =
    CASE WHEN $decidedMillis IS NULL THEN null
      ELSE datetime({epochMillis: $decidedMillis})
    END,
  c.pending = $pending,
  c.decisions = $decisions,
  c.version = $version,
  c.trailHash = $trailHash
