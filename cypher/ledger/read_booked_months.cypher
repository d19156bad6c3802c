// What is booked for these sales, by payee, basis and part?
// mode: read
// params: $salesMonthIds list<string>
// returns: salesMonthIds list<string>, payeeIds list<string>,
//   bases list<string>, parts list<string>, amounts list<integer>
// timeout: 30 s
UNWIND $salesMonthIds AS salesMonthId
MATCH (s:SalesMonth {salesMonthId: salesMonthId})<-[:FOR]-(e:LedgerEntry)
WITH salesMonthId, e.payeeId AS payeeId, e.basis AS basis, e.part AS part,
  sum(e.amountMinor) AS amount
RETURN collect(salesMonthId) AS salesMonthIds, collect(payeeId) AS payeeIds,
  collect(basis) AS bases, collect(part) AS parts, collect(amount) AS amounts
