// What is known of a channel's order and of all that share a number with it?
// mode: read
// params: $channelOrderId string
// returns: channelOrderId string, channel string, platformOrderNo string,
//   merchantOrderNo string, amountMinor integer, currency string,
//   paidAt integer (us since 1970), memberId string, details string,
//   endedAs string, endedAt integer (us since 1970), orderId string,
//   saleNumbers list<string>, buyerTokens list<string>
// timeout: 10 s
MATCH (c:ChannelOrder {channelOrderId: $channelOrderId})
MATCH (c)-[:NAMED_BY*0..6]-(one:ChannelOrder)
WITH DISTINCT one
ORDER BY one.channelOrderId
LIMIT 100
OPTIONAL MATCH (one)-[:IS_ORDER]->(o:Order)
RETURN one.channelOrderId AS channelOrderId, one.channel AS channel,
  one.platformOrderNo AS platformOrderNo,
  one.merchantOrderNo AS merchantOrderNo,
  one.amountMinor AS amountMinor, one.currency AS currency,
  one.paidAt.epochSeconds * 1000000 + one.paidAt.microsecond AS paidAt,
  one.memberId AS memberId, one.details AS details,
  one.endedAs AS endedAs,
  one.endedAt.epochSeconds * 1000000 + one.endedAt.microsecond AS endedAt,
  o.orderId AS orderId,
  COLLECT {
    MATCH (one)-[:NAMED_BY]->(n:SaleNumber)
    RETURN n.saleNumber
  } AS saleNumbers,
  coalesce(one.buyerTokens, []) AS buyerTokens
ORDER BY channelOrderId
LIMIT 100
