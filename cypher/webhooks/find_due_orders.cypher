// Which completed orders came to be due for release after this place, for each
// time that some plan holds what was earned?
// mode: read
// params: $rows list<map>, $limit integer
// returns: at integer (us), held integer (us), orderId string,
//   paidAt integer (us)
// timeout: 30 s
UNWIND $rows AS row
CALL (row) {
  MATCH (o:Order)
  WHERE datetime(row.from) <= o.endedAt <= datetime(row.until)
    AND (o.endedAt > datetime(row.from) OR o.orderId > row.after)
    AND o.status = 'completed'
  WITH o
  ORDER BY o.endedAt, o.orderId
  LIMIT $limit
  RETURN o
}
RETURN
  o.endedAt.epochSeconds * 1000000 + o.endedAt.microsecond + row.held AS at,
  row.held AS held, o.orderId AS orderId,
  o.paidAt.epochSeconds * 1000000 + o.paidAt.microsecond AS paidAt
ORDER BY at, orderId, held
LIMIT $limit
