// Open a case about these members, unless there is one of this id.
// mode: write
// params: $caseId string, $code string, $reason string, $openedBy string,
//   $openedMillis integer (ms since 1970), $memberIds list<string>
// returns: nothing
// timeout: 5 s
MERGE (c:Case {caseId: $caseId})
  ON CREATE SET
    c.state = 'open',
    c.code = $code,
    c.reason = $reason,
    c.openedBy = $openedBy,
    c.openedAt = datetime({epochMillis: $openedMillis})
WITH c
UNWIND $memberIds AS memberId
MATCH (m:Member {memberId: memberId})
MERGE (c)-[:EXAMINES]->(m)
