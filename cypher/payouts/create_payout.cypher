// Write a new payout.
// mode: write
// params: $payoutId string, $memberId string, $currency string,
//   $amountMinor integer, $state string, $accountRef string,
//   $createdAt datetime, $rulesVersion string, $history list<string>
// returns: nothing
// timeout: 10 s
MATCH (m:Member {memberId: $memberId})
MERGE (p:Payout {payoutId: $payoutId})
SET p.memberId = $memberId, p.currency = $currency,
  p.amountMinor = $amountMinor, p.state = $state,
  p.accountRef = CASE WHEN $accountRef <> '' THEN $accountRef END,
  p.createdAt = $createdAt, p.rulesVersion = $rulesVersion,
  p.history = $history
MERGE (p)-[:PAYS_OUT]->(m)
