// Keep by which numbers, of orders and payments, a channel's order is known.
// mode: write
// params: $rows list<map>
// returns: nothing
// timeout: 10 s
UNWIND $rows AS row
MATCH (c:ChannelOrder {channelOrderId: row.channelOrderId})
MERGE (n:SaleNumber {saleNumber: row.saleNumber})
SET n.scheme = coalesce(n.scheme, row.scheme)
MERGE (c)-[:NAMED_BY]->(n)
