// Take away shares, orders and refunds that nothing stored speaks of.
// mode: write
// params: $shareIds list<string>, $orderIds list<string>,
//   $refundIds list<string>
// returns: nothing
// timeout: 10 s
CALL () {
  UNWIND $shareIds AS shareId
  MATCH (s:Share {shareId: shareId})
  WHERE s.digest IS NULL AND NOT (s)--()
  DELETE s
}
CALL () {
  UNWIND $orderIds AS orderId
  MATCH (o:Order {orderId: orderId})
  WHERE o.digest IS NULL AND o.status IS NULL AND NOT (o)--()
  DELETE o
}
CALL () {
  UNWIND $refundIds AS refundId
  MATCH (r:Refund {refundId: refundId})
  WHERE r.digest IS NULL AND NOT (r)--()
  DELETE r
}
