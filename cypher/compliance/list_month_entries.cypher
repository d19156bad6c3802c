// Which entries of months and weeks had these members by a time, in order?
// mode: read
// params: $memberIds list<string>, $at datetime
// returns: memberIds list<string>, bases list<string>, parts list<string>,
//   currencies list<string>, amounts list<integer>, inputs list<string>,
//   planVersions list<string>
// timeout: 60 s
UNWIND $memberIds AS memberId
MATCH (m:Member {memberId: memberId})<-[:PAYS]-(e:LedgerEntry)
WHERE e.basis IN ['ladder', 'team', 'partner']
MATCH (f:Fact {seq: e.seq})
WHERE f.time <= $at
WITH m, e
ORDER BY m.memberId, e.number
RETURN collect(m.memberId) AS memberIds, collect(e.basis) AS bases,
  collect(e.part) AS parts, collect(e.currency) AS currencies,
  collect(e.amountMinor) AS amounts, collect(e.inputs) AS inputs,
  collect(coalesce(e.planVersion, '')) AS planVersions
