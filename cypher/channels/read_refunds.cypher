// Which refunds do channels report of an order?
// mode: read
// params: $orderId string
// returns: channelRefundId string, channel string, platformRefundNo string,
//   merchantRefundNo string, amountMinor integer, at integer (us since 1970),
//   refundNumbers list<string>, refundId string
// timeout: 10 s
MATCH (o:Order {orderId: $orderId})<-[:IS_ORDER]-(c:ChannelOrder)
MATCH (c)<-[:REFUND_OF]-(r:ChannelRefund)
RETURN r.channelRefundId AS channelRefundId, r.channel AS channel,
  r.platformRefundNo AS platformRefundNo,
  r.merchantRefundNo AS merchantRefundNo, r.amountMinor AS amountMinor,
  r.at.epochSeconds * 1000000 + r.at.microsecond AS at,
  r.refundNumbers AS refundNumbers, r.refundId AS refundId
ORDER BY at, channelRefundId
LIMIT 1000
