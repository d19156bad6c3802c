// Which approved payouts wait for the bank, the oldest first? Of the currency
// of the oldest, without those that were stopped.
// mode: read
// params: $stopped list<string>, $limit integer
// returns: payoutId string, memberId string, currency string,
//   amountMinor integer
// timeout: 20 s
CALL () {
  MATCH (p:Payout {state: 'approved'})
  WHERE NOT p.payoutId IN $stopped
  RETURN p.currency AS currency
  ORDER BY p.createdAt, p.payoutId
  LIMIT 1
}
MATCH (p:Payout {state: 'approved'})
WHERE p.currency = currency AND NOT p.payoutId IN $stopped
RETURN p.payoutId AS payoutId, p.memberId AS memberId, p.currency AS currency,
  p.amountMinor AS amountMinor
ORDER BY p.createdAt, payoutId
LIMIT $limit
