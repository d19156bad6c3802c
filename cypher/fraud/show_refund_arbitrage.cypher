// Which orders of these members were given back, and who earned from them?
// mode: read
// params: $memberIds list<string>
// returns: buyerId string, orderId string, promoterId string,
//   amountMinor integer, refundedMinor integer, paidMillis integer (ms),
//   refundedMillis integer (ms)
// timeout: 10 s
MATCH (b:Member)
WHERE b.memberId IN $memberIds
MATCH (b)-[:PLACED]->(o:Order)<-[:REFUNDS]-(r:Refund)
WITH b, o, max(r.at).epochMillis AS refundedMillis
OPTIONAL MATCH (o)-[:CREDITED_TO]->(p:Member)
RETURN b.memberId AS buyerId, o.orderId AS orderId,
  p.memberId AS promoterId, o.amountMinor AS amountMinor,
  o.refundedMinor AS refundedMinor, o.paidAt.epochMillis AS paidMillis,
  refundedMillis
ORDER BY refundedMillis, orderId, promoterId
LIMIT 500
