// What had these members earned by a time, by basis?
// mode: read
// params: $memberIds list<string>, $at datetime, $currency string
// returns: memberIds list<string>, bases list<string>, amounts list<integer>
// timeout: 60 s
UNWIND $memberIds AS memberId
MATCH (m:Member {memberId: memberId})<-[:PAYS]-(e:LedgerEntry)
WHERE e.currency = $currency
MATCH (f:Fact {seq: e.seq})
WHERE f.time <= $at
WITH m.memberId AS memberId, e.basis AS basis, sum(e.amountMinor) AS amount
RETURN collect(memberId) AS memberIds, collect(basis) AS bases,
  collect(amount) AS amounts
