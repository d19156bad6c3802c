// From which orders does a member earn, latest payment first, after this one?
// mode: read
// params: $memberId string, $before integer (ms), $afterId string,
//   $limit integer
// returns: orderId string, paidMillis integer (ms), currency string,
//   status string, earnedMinor integer
// timeout: 10 s
MATCH (:Member {memberId: $memberId})<-[:PAYS]-(e:LedgerEntry)-[:FOR]->
  (o:Order)
WITH o, o.paidAt.epochMillis AS paidMillis, sum(e.amountMinor) AS earnedMinor
WHERE paidMillis < $before
  OR (paidMillis = $before AND o.orderId > $afterId)
RETURN o.orderId AS orderId, paidMillis, o.currency AS currency,
  o.status AS status, earnedMinor
ORDER BY paidMillis DESC, orderId
LIMIT $limit
