// Keep what channels report of orders: what is known stays, endings go by time.
// mode: write
// params: $rows list<map>
// returns: nothing
// timeout: 10 s
UNWIND $rows AS row
MERGE (c:ChannelOrder {channelOrderId: row.channelOrderId})
  ON CREATE SET
    c.channel = row.channel,
    c.platformOrderNo = row.platformOrderNo,
    c.reportedAt = datetime(row.now)
SET
  c.merchantOrderNo = coalesce(c.merchantOrderNo, row.merchantOrderNo),
  c.amountMinor = coalesce(c.amountMinor, row.amountMinor),
  c.currency = coalesce(c.currency, row.currency),
  c.paidAt = coalesce(c.paidAt, datetime(row.paidAt)),
  c.memberId = coalesce(c.memberId, row.memberId),
  c.details = coalesce(c.details, row.details),
  c.buyerTokens = coalesce(c.buyerTokens, []) + [
    token IN row.buyerTokens WHERE NOT token IN coalesce(c.buyerTokens, [])
  ]
WITH c, row
WHERE row.endedAt IS NOT NULL
  AND coalesce(c.endedAt <= datetime(row.endedAt), true)
SET c.endedAs = row.endedAs, c.endedAt = datetime(row.endedAt)
