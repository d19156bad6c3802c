// Of which channel orders is it not clear which order they are? Newest first.
// mode: read
// params: $beforeMillis integer (ms since 1970), $afterId string,
//   $limit integer
// returns: channelOrderId string, channel string, platformOrderNo string,
//   amountMinor integer, currency string, paidAt integer (us since 1970),
//   millis integer (ms since 1970), code string, why string,
//   candidates list<string>, orderId string
// timeout: 10 s
MATCH (c:ChannelOrder)
WHERE c.openAt <= datetime({epochMillis: $beforeMillis})
WITH c, c.openAt.epochMillis AS millis
WHERE millis < $beforeMillis OR c.channelOrderId > $afterId
WITH c, millis
ORDER BY millis DESC, c.channelOrderId
LIMIT $limit
OPTIONAL MATCH (c)-[:IS_ORDER]->(o:Order)
RETURN c.channelOrderId AS channelOrderId, c.channel AS channel,
  c.platformOrderNo AS platformOrderNo, c.amountMinor AS amountMinor,
  c.currency AS currency,
  c.paidAt.epochSeconds * 1000000 + c.paidAt.microsecond AS paidAt,
  millis, c.openCode AS code, c.openWhy AS why,
  c.candidates AS candidates, o.orderId AS orderId
ORDER BY millis DESC, channelOrderId
LIMIT 501
