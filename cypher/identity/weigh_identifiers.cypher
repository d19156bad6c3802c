// Keep how many are seen with these identifiers, in steps; who is seen with one
// whose step has changed?
// mode: write
// params: $tokens list<string>, $steps list<integer>
// returns: memberIds list<string>
// timeout: 60 s
UNWIND $tokens AS token
MATCH (i:Identifier {token: token})
WHERE NOT i:Ip
CALL (i) {
  MATCH (i)<-[:USES]-(m:Member)
  WITH m
  LIMIT 257
  RETURN count(m) AS users
}
WITH i, coalesce(i.reach, 1) AS before, CASE
  WHEN users <= 1 THEN 1
  ELSE coalesce(head([one IN $steps WHERE users <= one]), 0)
END AS reach
WHERE before <> reach
SET i.reach = reach
WITH i
WHERE before > 1 OR reach > 1
MATCH (i)<-[:USES]-(m:Member)
RETURN collect(DISTINCT m.memberId) AS memberIds
