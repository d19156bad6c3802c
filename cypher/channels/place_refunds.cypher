// Say which refund a channel's refund is, and why.
// mode: write
// params: $rows list<map>
// returns: nothing
// timeout: 10 s
UNWIND $rows AS row
MATCH (r:ChannelRefund {channelRefundId: row.channelRefundId})
SET r.refundId = row.refundId, r.code = row.code, r.why = row.why
