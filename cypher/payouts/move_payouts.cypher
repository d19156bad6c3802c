// Keep the next step of payouts.
// mode: write
// params: $rows list<map>
// returns: nothing
// timeout: 30 s
UNWIND $rows AS row
MATCH (p:Payout {payoutId: row.payoutId})
SET p.state = row.state, p.history = p.history + row.step,
  p.rulesVersion = coalesce(row.rulesVersion, p.rulesVersion),
  p.bankReference = coalesce(row.bankReference, p.bankReference)
