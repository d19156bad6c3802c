// Which person is each of these members, does it count as held, and is there a
// hold on it?
// mode: read
// params: $memberIds list<string>
// returns: memberIds list<string>, personIds list<string>, held list<boolean>,
//   bits list<integer>, whys list<list>, holds list<boolean>
// timeout: 60 s
UNWIND $memberIds AS memberId
MATCH (m:Member {memberId: memberId})
OPTIONAL MATCH (m)-[is:IS_PERSON]->(:Person)
RETURN collect(memberId) AS memberIds,
  collect(coalesce(m.personId, '')) AS personIds,
  collect(coalesce(m.held, false)) AS held,
  collect(coalesce(is.bits, 0)) AS bits, collect(coalesce(is.why, [])) AS whys,
  collect(EXISTS {
    (m)<-[:HOLDS]-(h:Hold)
    WHERE h.liftedAt IS NULL
  }) AS holds
