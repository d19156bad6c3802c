// Open a case about these members, unless there is one of this id.
// mode: write
// params: $caseId string, $code string, $reason string, $openedBy string,
//   $openedMillis integer (ms since 1970), $memberIds list<string>,
//   $alertIds list<string>, $priority integer, $dueMillis integer (ms),
//   $amountAtRiskMinor integer, $currency string (null: none)
// returns: nothing
// timeout: 10 s
MERGE (c:Case {caseId: $caseId})
  ON CREATE SET
    c.state = 'open',
    c.stage = 'NEW',
    c.code = $code,
    c.reason = $reason,
    c.openedBy = $openedBy,
    c.openedAt = datetime({epochMillis: $openedMillis}),
    c.priority = $priority,
    c.dueAt = datetime({epochMillis: $dueMillis}),
    c.amountAtRiskMinor = $amountAtRiskMinor,
    c.currency = $currency,
    c.version = 0
WITH c
CALL (c) {
  UNWIND $alertIds AS alertId
  MATCH (a:Alert {alertId: alertId})
  MERGE (c)-[:LOOKS_INTO]->(a)
}
WITH DISTINCT c
UNWIND $memberIds AS memberId
MATCH (m:Member {memberId: memberId})
MERGE (c)-[:EXAMINES]->(m)
