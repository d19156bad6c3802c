// Is there this member, when was it erased, which visitors turned out to be it,
// and how far do the facts and the ledger go?
// mode: read
// params: $memberId string
// returns: erasedAt integer (us), status string, visitorIds list<string>,
//   seq integer, bookedSeq integer
// timeout: 10 s
MATCH (m:Member {memberId: $memberId})
OPTIONAL MATCH (m)<-[:IDENTIFIED_AS]-(v:Visitor)
WITH m, collect(v.visitorId) AS visitorIds
OPTIONAL MATCH (s:Sequence {name: 'fact'})
OPTIONAL MATCH (l:Ledger {name: 'ledger'})
RETURN m.erasedAt.epochSeconds * 1000000 + m.erasedAt.microsecond AS erasedAt,
  m.status AS status, visitorIds, coalesce(s.value, 0) AS seq,
  coalesce(l.bookedSeq, 0) AS bookedSeq
LIMIT 1
