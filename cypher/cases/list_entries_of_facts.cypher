// What was booked because of each of these facts, by payee, basis and
// currency, and for which orders?
// mode: read
// params: $seqs list<integer>
// returns: seq integer, payeeId string, basis string, currency string,
//   amountMinor integer, orderIds list<string>
// timeout: 20 s
UNWIND $seqs AS seq
MATCH (e:LedgerEntry)
WHERE e.seq = seq
WITH seq, e.payeeId AS payeeId, e.basis AS basis, e.currency AS currency,
  sum(e.amountMinor) AS amountMinor,
  collect(DISTINCT e.orderId) AS orders
RETURN seq, payeeId, basis, currency, amountMinor,
  [one IN orders WHERE one <> ''] AS orderIds
ORDER BY seq, payeeId, basis, currency
LIMIT 50001
