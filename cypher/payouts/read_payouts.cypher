// What is known of these payouts?
// mode: read
// params: $payoutIds list<string>
// returns: payoutId string, memberId string, currency string,
//   amountMinor integer, state string, accountRef string,
//   createdAt integer (us), rulesVersion string, batchId string,
//   sequence integer, bankReference string, history list<string>
// timeout: 20 s
UNWIND $payoutIds AS payoutId
MATCH (p:Payout {payoutId: payoutId})
RETURN p.payoutId AS payoutId, p.memberId AS memberId, p.currency AS currency,
  p.amountMinor AS amountMinor, p.state AS state, p.accountRef AS accountRef,
  p.createdAt.epochSeconds * 1000000 + p.createdAt.microsecond AS createdAt,
  p.rulesVersion AS rulesVersion, p.batchId AS batchId, p.sequence AS sequence,
  p.bankReference AS bankReference, p.history AS history
ORDER BY payoutId
LIMIT 10000
