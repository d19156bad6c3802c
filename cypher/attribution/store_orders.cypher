// Write orders that were paid, and who placed them.
// mode: write
// params: $rows list<map>
// returns: nothing
// timeout: 30 s
UNWIND $rows AS row
MATCH (o:Order {orderId: row.orderId})
MATCH (m:Member {memberId: row.memberId})
SET
  o.createdAt = datetime(row.createdAt),
  o.paidAt = datetime(row.paidAt),
  o.amountMinor = row.amountMinor,
  o.currency = row.currency,
  o.channel = row.channel,
  o.platformOrderNo = row.platformOrderNo,
  o.digest = row.digest,
  o.status = coalesce(o.status, 'paid')
CREATE (m)-[:PLACED]->(o)
