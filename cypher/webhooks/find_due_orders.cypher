// Which orders became due for release, by days held, after this place?
// mode: read
// params: $rows list<map>, $at integer (us), $after string, $limit integer
// returns: at integer (us), orderId string
// timeout: 30 s
UNWIND $rows AS row
MATCH (o:Order)
WHERE datetime(row.from) <= o.endedAt <= datetime(row.until)
  AND o.status <> 'paid'
WITH o.orderId AS orderId,
  o.endedAt.epochSeconds * 1000000 + o.endedAt.microsecond + row.held AS at
WHERE at > $at OR (at = $at AND orderId > $after)
RETURN at, orderId
ORDER BY at, orderId
LIMIT $limit
