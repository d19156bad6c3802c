// What is owed to a member in all, of orders that are completed and held long
// enough, and of others?
// mode: read
// params: $memberId string, $currency string, $now datetime,
//   $rows list<map>
// returns: releasedMinor integer, pendingMinor integer
// timeout: 20 s
MATCH (:Member {memberId: $memberId})<-[:PAYS]-(e:LedgerEntry)-[:FOR]->
  (o:Order)
WHERE e.currency = $currency
WITH e.amountMinor AS amount, o,
  last([row IN $rows WHERE row.from <= o.paidAt | row.days]) AS held
WITH amount,
  coalesce(
    o.status <> 'paid' AND o.endedAt + duration({days: held}) <= $now,
    false
  ) AS released
RETURN sum(CASE WHEN released THEN amount ELSE 0 END) AS releasedMinor,
  sum(CASE WHEN released THEN 0 ELSE amount END) AS pendingMinor
