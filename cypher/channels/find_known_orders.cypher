// Which orders did the mall tell of under these numbers itself?
// mode: read
// params: $orderIds list<string>, $platformOrderNo string, $channel string
// returns: orderId string, amountMinor integer, currency string
// timeout: 10 s
CALL () {
  UNWIND $orderIds AS orderId
  MATCH (o:Order {orderId: orderId})
  RETURN o
  UNION
  MATCH (o:Order {platformOrderNo: $platformOrderNo})
  WHERE o.channel = $channel
  RETURN o
}
WITH o
WHERE o.digest IS NOT NULL
RETURN o.orderId AS orderId, o.amountMinor AS amountMinor,
  o.currency AS currency
ORDER BY orderId
LIMIT 10
