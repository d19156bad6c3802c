// What did a member earn in a month, by basis?
// mode: read
// params: $memberId string, $month string, $currency string
// returns: bases list<string>, amounts list<integer>
// timeout: 20 s
MATCH (:Member {memberId: $memberId})<-[:PAYS]-(e:LedgerEntry)
WHERE e.month = $month AND e.currency = $currency
WITH e.basis AS basis, sum(e.amountMinor) AS amount
RETURN collect(basis) AS bases, collect(amount) AS amounts
