// Which reports of other channels are of the same amount, buyer and minutes?
// mode: read
// params: $channel string, $amountMinor integer (minor units),
//   $currency string, $begins datetime, $ends datetime,
//   $buyerTokens list<string>
// returns: channelOrderId string, orderId string
// timeout: 10 s
MATCH (c:ChannelOrder)
WHERE c.amountMinor = $amountMinor
  AND c.paidAt >= $begins AND c.paidAt <= $ends
  AND c.currency = $currency AND c.channel <> $channel
  AND any(token IN c.buyerTokens WHERE token IN $buyerTokens)
  AND NOT EXISTS {
    MATCH (c)-[:IS_ORDER]->(:Order)
      <-[:IS_ORDER]-(:ChannelOrder {channel: $channel})
  }
OPTIONAL MATCH (c)-[:IS_ORDER]->(o:Order)
RETURN c.channelOrderId AS channelOrderId, o.orderId AS orderId
ORDER BY channelOrderId
LIMIT 20
