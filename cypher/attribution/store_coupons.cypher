// Keep coupons and their owners; what was said of the latest time stands.
// mode: write
// params: $rows list<map>
// returns: nothing
// timeout: 30 s
UNWIND $rows AS row
MERGE (c:Coupon {couponCode: row.couponCode})
WITH c, row
WHERE coalesce(c.issuedAt <= datetime(row.at), true)
SET
  c.issuedAt = datetime(row.at),
  c.exclusive = row.exclusive,
  c.valueMinor = row.valueMinor
WITH c, row
CALL (c) {
  MATCH (:Member)-[owns:OWNS]->(c)
  DELETE owns
}
WITH c, row
MATCH (m:Member {memberId: row.ownerMemberId})
CREATE (m)-[:OWNS]->(c)
