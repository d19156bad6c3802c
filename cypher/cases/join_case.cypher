// Take an alert and its members into a case; of two alerts the greater amount
// counts.
// mode: write
// params: $caseId string, $alertIds list<string>, $memberIds list<string>,
//   $amountAtRiskMinor integer, $currency string (null: none)
// returns: nothing
// timeout: 10 s
MATCH (c:Case {caseId: $caseId})
SET
  c.amountAtRiskMinor =
    CASE
      WHEN coalesce(c.amountAtRiskMinor, 0) < $amountAtRiskMinor
        THEN $amountAtRiskMinor
      ELSE coalesce(c.amountAtRiskMinor, 0)
    END,
  c.currency = coalesce(c.currency, $currency)
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
