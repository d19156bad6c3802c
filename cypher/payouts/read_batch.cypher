// What is in a batch, row by row?
// mode: read
// params: $batchId string
// returns: state string, currency string, purpose string,
//   createdAt integer (us), payouts list<map>
// timeout: 20 s
MATCH (b:PayoutBatch {batchId: $batchId})<-[:IN_BATCH]-(p:Payout)
WITH b, p
ORDER BY p.sequence
RETURN b.state AS state, b.currency AS currency, b.purpose AS purpose,
  b.createdAt.epochSeconds * 1000000 + b.createdAt.microsecond AS createdAt,
  collect({
    payoutId: p.payoutId, memberId: p.memberId, sequence: p.sequence,
    amountMinor: p.amountMinor, accountRef: p.accountRef, state: p.state
  }) AS payouts
