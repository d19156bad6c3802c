// Keep up to where in the log webhooks were told: all of seq, part of partSeq.
// mode: write
// params: $seq integer, $partSeq integer, $partOrderId string,
//   $partPayeeId string
// returns: nothing
// timeout: 10 s
MATCH (p:WebhookPlace {name: 'log'})
SET
  p.seq = $seq,
  p.partSeq = $partSeq,
  p.partOrderId = $partOrderId,
  p.partPayeeId = $partPayeeId
