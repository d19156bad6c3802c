// Open a case about the members of an alert, or take more of them into it.
// mode: write
// params: $caseId string, $alertId string, $code string, $reason string,
//   $openedBy string, $openedMillis integer (ms since 1970),
//   $memberIds list<string>
// returns: nothing
// timeout: 10 s
MERGE (c:Case {caseId: $caseId})
  ON CREATE SET
    c.state = 'open',
    c.alertId = $alertId,
    c.code = $code,
    c.reason = $reason,
    c.openedBy = $openedBy,
    c.openedAt = datetime({epochMillis: $openedMillis})
WITH c
UNWIND $memberIds AS memberId
MATCH (m:Member {memberId: memberId})
MERGE (c)-[:EXAMINES]->(m)
