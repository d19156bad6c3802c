// Keep that a batch was sent.
// mode: write
// params: $batchId string
// returns: nothing
// timeout: 10 s
MATCH (b:PayoutBatch {batchId: $batchId})
SET b.state = 'sent'
