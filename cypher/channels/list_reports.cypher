// What did which channel report of an order, and why is it this one?
// mode: read
// params: $orderId string
// returns: found boolean, reports list<map>
// timeout: 10 s
OPTIONAL MATCH (o:Order {orderId: $orderId})
CALL (o) {
  MATCH (o)<-[is:IS_ORDER]-(c:ChannelOrder)
  WITH is, c
  ORDER BY is.at, CASE is.code WHEN 'first_report' THEN 0 ELSE 1 END,
    c.channelOrderId
  LIMIT 100
  RETURN collect({
    channel: c.channel,
    platformOrderNo: c.platformOrderNo,
    merchantOrderNo: c.merchantOrderNo,
    amountMinor: c.amountMinor,
    currency: c.currency,
    paidAt: c.paidAt.epochSeconds * 1000000 + c.paidAt.microsecond,
    reportedAt: c.reportedAt.epochSeconds * 1000000 + c.reportedAt.microsecond,
    endedAs: c.endedAs,
    endedAt: c.endedAt.epochSeconds * 1000000 + c.endedAt.microsecond,
    code: is.code,
    why: is.why,
    refunds: COLLECT {
      MATCH (c)<-[:REFUND_OF]-(r:ChannelRefund)
      RETURN {
        platformRefundNo: r.platformRefundNo,
        amountMinor: r.amountMinor,
        at: r.at.epochSeconds * 1000000 + r.at.microsecond,
        refundId: r.refundId,
        code: r.code,
        why: r.why
      }
      ORDER BY r.at, r.channelRefundId
      LIMIT 1000
    }
  }) AS reports
}
RETURN o IS NOT NULL AS found, reports
LIMIT 1
