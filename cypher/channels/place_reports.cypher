// Say which order a channel's order is, and why; it stays so.
// mode: write
// params: $rows list<map>
// returns: nothing
// timeout: 10 s
UNWIND $rows AS row
MATCH (c:ChannelOrder {channelOrderId: row.channelOrderId})
MATCH (o:Order {orderId: row.orderId})
MERGE (c)-[r:IS_ORDER]->(o)
  ON CREATE SET r.code = row.code, r.why = row.why, r.at = datetime(row.now)
SET c.openCode = null, c.openWhy = null, c.openAt = null, c.candidates = null
