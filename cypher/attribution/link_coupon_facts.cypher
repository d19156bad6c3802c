// Write which facts tell about which coupon.
// mode: write
// params: $rows list<map>
// returns: nothing
// timeout: 30 s
UNWIND $rows AS row
MATCH (f:Fact {key: row.key})
MATCH (c:Coupon {couponCode: row.couponCode})
CREATE (f)-[:ABOUT]->(c)
