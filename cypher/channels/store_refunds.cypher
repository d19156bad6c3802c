// Keep what a channel reports of a refund; what is known stays.
// mode: write
// params: $rows list<map>
// returns: nothing
// timeout: 10 s
UNWIND $rows AS row
MATCH (c:ChannelOrder {channelOrderId: row.channelOrderId})
MERGE (r:ChannelRefund {channelRefundId: row.channelRefundId})
  ON CREATE SET
    r.channel = row.channel,
    r.platformRefundNo = row.platformRefundNo,
    r.at = datetime(row.at),
    r.reportedAt = datetime(row.now)
SET
  r.merchantRefundNo = coalesce(r.merchantRefundNo, row.merchantRefundNo),
  r.amountMinor = coalesce(r.amountMinor, row.amountMinor),
  r.refundNumbers = coalesce(r.refundNumbers, []) + [
    one IN row.refundNumbers WHERE NOT one IN coalesce(r.refundNumbers, [])
  ]
MERGE (r)-[:REFUND_OF]->(c)
