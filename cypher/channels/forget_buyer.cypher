// Take a member that is erased out of what channels report of its orders.
// mode: write
// params: $memberId string
// returns: nothing
// timeout: 60 s
MATCH (c:ChannelOrder)
WHERE c.memberId = $memberId
  OR ('member ' + $memberId) IN c.buyerTokens
  OR EXISTS {
    MATCH (c)-[:IS_ORDER]->(:Order)
      <-[:PLACED]-(:Member {memberId: $memberId})
  }
SET c.memberId = null, c.buyerTokens = null, c.details = null
