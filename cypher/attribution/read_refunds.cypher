// Which of these refunds are stored, with what content?
// mode: read
// params: $refundIds list<string>
// returns: refundId string, digest string
// timeout: 10 s
UNWIND $refundIds AS refundId
MATCH (r:Refund {refundId: refundId})
RETURN r.refundId AS refundId, r.digest AS digest
ORDER BY refundId
LIMIT 10001
