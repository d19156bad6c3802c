// Which orders had these members paid in these times, both ends included?
// mode: read
// params: $rows list<map>
// returns: i integer, orderId string, paidAt integer (us)
// timeout: 30 s
UNWIND $rows AS row
MATCH (m:Member {memberId: row.memberId})-[:PLACED]->(o:Order)
WHERE datetime(row.opens) <= o.paidAt <= datetime(row.closes)
RETURN row.i AS i, o.orderId AS orderId,
  o.paidAt.epochSeconds * 1000000 + o.paidAt.microsecond AS paidAt
ORDER BY i, paidAt, orderId
LIMIT 100001
