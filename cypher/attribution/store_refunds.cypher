// Write refunds and take them off their orders.
// mode: write
// params: $rows list<map>
// returns: nothing
// timeout: 30 s
UNWIND $rows AS row
MATCH (o:Order {orderId: row.orderId})
MERGE (r:Refund {refundId: row.refundId})
SET
  r.amountMinor = row.amountMinor,
  r.at = datetime(row.at),
  r.digest = row.digest
CREATE (r)-[:REFUNDS]->(o)
SET o.refundedMinor = o.refundedMinor + row.amountMinor
