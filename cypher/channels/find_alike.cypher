// Which reports of other channels are of the same amount, buyer and minutes,
// and have no number that is contrary to those of this sale?
// mode: read
// params: $channelOrderId string, $channel string,
//   $amountMinor integer (minor units), $currency string, $begins datetime,
//   $ends datetime, $buyerTokens list<string>
// returns: channelOrderId string, orderId string
// timeout: 10 s
MATCH (mine:ChannelOrder {channelOrderId: $channelOrderId})
WITH COLLECT {
  MATCH (mine)-[:NAMED_BY*0..6]-(one:ChannelOrder)
  RETURN DISTINCT one
} AS ours
MATCH (c:ChannelOrder)
WHERE c.amountMinor = $amountMinor
  AND c.paidAt >= $begins AND c.paidAt <= $ends
  AND c.currency = $currency AND c.channel <> $channel
  AND any(token IN c.buyerTokens WHERE token IN $buyerTokens)
  AND NOT EXISTS {
    MATCH (c)-[:IS_ORDER]->(:Order)
      <-[:IS_ORDER]-(:ChannelOrder {channel: $channel})
  }
WITH c, ours, COLLECT {
  MATCH (c)-[:IS_ORDER|NAMED_BY*0..6]-(one:ChannelOrder)
  RETURN DISTINCT one
} AS theirs
// Two numbers of the mall are two sales, and so are two of one payment scheme.
WHERE (
    none(one IN ours WHERE one.merchantOrderNo IS NOT NULL)
    OR none(one IN theirs WHERE one.merchantOrderNo IS NOT NULL)
  )
  AND NOT EXISTS {
    UNWIND ours AS one
    MATCH (one)-[:NAMED_BY]->(n:SaleNumber)
    UNWIND theirs AS other
    MATCH (other)-[:NAMED_BY]->(m:SaleNumber)
    WHERE n.scheme = m.scheme AND n <> m
  }
OPTIONAL MATCH (c)-[:IS_ORDER]->(o:Order)
RETURN c.channelOrderId AS channelOrderId, o.orderId AS orderId
ORDER BY channelOrderId
LIMIT 20
