// Whom did the entries up to a time pay of these orders, and for whom do the
// orders count, each below which uplines? Ids are joined, line by line, and
// lists by form feeds: nested lists take several times as long to read.
// mode: read
// params: $orderIds list<string>, $at datetime, $platform string
// returns: times list<integer> (us), payeeIds list<string>,
//   chains list<string>
// timeout: 60 s
UNWIND $orderIds AS orderId
MATCH (o:Order {orderId: orderId})
CALL (o) {
  MATCH (o)<-[:FOR]-(e:LedgerEntry)
  WHERE e.payeeId <> $platform
  MATCH (f:Fact {seq: e.seq})
  WHERE f.time <= $at
  WITH e.payeeId AS payeeId, sum(e.amountMinor) AS amount
  WHERE amount > 0
  RETURN reduce(
    text = '', one IN collect(payeeId) | text + one + '\n'
  ) AS payeeIds
}
CALL (o) {
  OPTIONAL MATCH (o)-[c:CREDITED_TO]->(m:Member)
  WHERE c.netMinor > 0
  WITH reduce(
    text = m.memberId, one IN c.uplineIds | text + '\n' + one
  ) AS chain
  RETURN reduce(
    text = '', one IN collect(chain) | text + one + '\f'
  ) AS chains
}
RETURN
  collect(o.paidAt.epochSeconds * 1000000 + o.paidAt.microsecond) AS times,
  collect(payeeIds) AS payeeIds, collect(chains) AS chains
