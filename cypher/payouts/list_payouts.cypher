// Which payouts are there before this place, the newest first? An empty member
// or state means any.
// mode: read
// params: $memberId string, $state string, $beforeMillis integer (ms),
//   $beforeId string, $limit integer
// returns: payoutId string, memberId string, currency string,
//   amountMinor integer, state string, accountRef string,
//   createdAt integer (us), rulesVersion string, batchId string,
//   sequence integer, bankReference string, history list<string>
// timeout: 20 s
MATCH (p:Payout)
WHERE p.createdAt <= datetime({epochMillis: $beforeMillis})
  AND (
    p.createdAt < datetime({epochMillis: $beforeMillis})
    OR p.payoutId < $beforeId
  )
  AND ($memberId = '' OR p.memberId = $memberId)
  AND ($state = '' OR p.state = $state)
RETURN p.payoutId AS payoutId, p.memberId AS memberId, p.currency AS currency,
  p.amountMinor AS amountMinor, p.state AS state, p.accountRef AS accountRef,
  p.createdAt.epochSeconds * 1000000 + p.createdAt.microsecond AS createdAt,
  p.rulesVersion AS rulesVersion, p.batchId AS batchId, p.sequence AS sequence,
  p.bankReference AS bankReference, p.history AS history
ORDER BY p.createdAt DESC, payoutId DESC
LIMIT $limit
