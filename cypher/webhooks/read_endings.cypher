// What is known of the ends of these orders, and up to which fact was each
// settled? waits: a later fact about it than seq is still to be told.
// mode: read
// params: $orderIds list<string>, $seq integer, $beganSeq integer
// returns: orders list<map>
// timeout: 30 s
UNWIND $orderIds AS orderId
MATCH (o:Order {orderId: orderId})
WHERE o.paidAt IS NOT NULL
CALL (o) {
  OPTIONAL MATCH (o)<-[:ABOUT]-(f:Fact)
  RETURN max(f.seq) AS lastSeq,
    count(CASE WHEN f.seq IS NULL OR f.seq > $seq THEN f END) AS later,
    min(
      CASE
        WHEN f.type = 'order.completed' AND f.seq <= $beganSeq
          THEN f.time.epochSeconds * 1000000 + f.time.microsecond
      END
    ) AS knownEnd
}
RETURN collect({
    orderId: orderId,
    completed: o.status = 'completed',
    paidAt: o.paidAt.epochSeconds * 1000000 + o.paidAt.microsecond,
    endedAt: o.endedAt.epochSeconds * 1000000 + o.endedAt.microsecond,
    settledSeq: o.settledSeq,
    lastSeq: lastSeq,
    waits: later > 0,
    knownEnd: knownEnd
  }) AS orders
