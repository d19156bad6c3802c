// Is there this member, when was it erased, which visitors turned out to be it,
// how far do the facts and the ledger go, and what of its money is not settled?
// mode: read
// params: $memberId string
// returns: erasedAt integer (us), status string, visitorIds list<string>,
//   seq integer, bookedSeq integer, held boolean, paying boolean
// timeout: 10 s
MATCH (m:Member {memberId: $memberId})
OPTIONAL MATCH (m)<-[:IDENTIFIED_AS]-(v:Visitor)
WITH m, collect(v.visitorId) AS visitorIds
OPTIONAL MATCH (s:Sequence {name: 'fact'})
OPTIONAL MATCH (l:Ledger {name: 'ledger'})
RETURN m.erasedAt.epochSeconds * 1000000 + m.erasedAt.microsecond AS erasedAt,
  m.status AS status, visitorIds, coalesce(s.value, 0) AS seq,
  coalesce(l.bookedSeq, 0) AS bookedSeq,
  EXISTS {
    MATCH (m)-[:IS_PERSON*0..1]->(who:Person|Member)
    MATCH (who)<-[:IS_PERSON*0..1]-(account:Member)<-[:HOLDS]-(h:Hold)
    WHERE h.liftedAt IS NULL
  } AS held,
  EXISTS {
    MATCH (m)<-[:PAYS_OUT]-(p:Payout)
    WHERE p.state IN ['requested', 'approved', 'sending', 'sent']
  } AS paying
LIMIT 1
