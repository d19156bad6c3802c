// Which refunds of an order were told of?
// mode: read
// params: $orderId string
// returns: refundId string, amountMinor integer, at integer (us since 1970)
// timeout: 10 s
MATCH (:Order {orderId: $orderId})<-[:REFUNDS]-(r:Refund)
WHERE r.digest IS NOT NULL
RETURN r.refundId AS refundId, r.amountMinor AS amountMinor,
  r.at.epochSeconds * 1000000 + r.at.microsecond AS at
ORDER BY at, refundId
LIMIT 1000
