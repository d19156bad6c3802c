// Hold the place in the log up to which webhooks were told.
// mode: write
// params: $holder string
// returns: seq integer, partSeq integer, partOrderId string,
//   partPayeeId string
// timeout: 10 s
MERGE (p:WebhookPlace {name: 'log'})
SET p.heldBy = $holder
RETURN coalesce(p.seq, 0) AS seq, coalesce(p.partSeq, 0) AS partSeq,
  coalesce(p.partOrderId, '') AS partOrderId,
  coalesce(p.partPayeeId, '') AS partPayeeId
