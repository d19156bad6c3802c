// Which visitors were ever said to be these members?
// mode: read
// params: $memberIds list<string>
// returns: memberIds list<string>, visitorIds list<string>
// timeout: 30 s
UNWIND $memberIds AS memberId
MATCH (m:Member {memberId: memberId})
  <-[:IDENTIFIED_AS|FORMERLY_IDENTIFIED_AS]-(v:Visitor)
WITH DISTINCT m, v
RETURN collect(m.memberId) AS memberIds, collect(v.visitorId) AS visitorIds
