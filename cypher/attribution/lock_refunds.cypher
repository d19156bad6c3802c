// Make sure that these refunds are known and hold them; what is stored of them?
// mode: write
// params: $refundIds list<string>, $batch string
// returns: refundId string, digest string
// timeout: 10 s
UNWIND $refundIds AS refundId
MERGE (r:Refund {refundId: refundId})
SET r.heldBy = $batch
RETURN r.refundId AS refundId, r.digest AS digest
ORDER BY refundId
LIMIT 10001
