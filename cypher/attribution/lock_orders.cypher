// Make sure that these orders are known and hold them; what is stored of them?
// mode: write
// params: $orderIds list<string>, $batch string
// returns: orderId string, digest string, amountMinor integer,
//   refundedMinor integer
// timeout: 30 s
UNWIND $orderIds AS orderId
MERGE (o:Order {orderId: orderId})
SET
  o.heldBy = $batch,
  o.refundedMinor = coalesce(o.refundedMinor, 0)
RETURN o.orderId AS orderId, o.digest AS digest, o.amountMinor AS amountMinor,
  o.refundedMinor AS refundedMinor
ORDER BY orderId
LIMIT 10001
