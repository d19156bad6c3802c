// Write a batch, before anything of it is sent.
// mode: write
// params: $batchId string, $number integer, $currency string,
//   $purpose string, $count integer, $totalMinor integer,
//   $createdAt datetime
// returns: nothing
// timeout: 20 s
MERGE (b:PayoutBatch {batchId: $batchId})
SET b.number = $number, b.state = 'sending', b.currency = $currency,
  b.purpose = $purpose, b.count = $count, b.totalMinor = $totalMinor,
  b.createdAt = $createdAt
