// How many people clicked a member's shares in each month, and how many orders
// were credited to the member?
// mode: read
// params: $memberId string, $rows list<map>
// returns: month string, people integer, orders integer
// timeout: 30 s
UNWIND $rows AS row
MATCH (m:Member {memberId: $memberId})
OPTIONAL MATCH (m)-[:IS_PERSON]->(self:Person)
WITH row, m, coalesce(self.personId, m.memberId) AS selfId
CALL (row, m, selfId) {
  MATCH (m)-[:CREATED]->(:Share)<-[c:CLICKED]-(clicker:Member|Visitor)
  WHERE row.opens <= c.at < row.closes
  OPTIONAL MATCH (clicker)-[:IDENTIFIED_AS]->(known:Member)
  WITH selfId, coalesce(known, clicker) AS someone
  OPTIONAL MATCH (someone)-[:IS_PERSON]->(person:Person)
  WITH selfId, coalesce(
    person.personId, someone.memberId, '\u0001' + someone.visitorId
  ) AS who
  WHERE who <> selfId
  RETURN count(DISTINCT who) AS people
}
CALL (row, m) {
  MATCH (o:Order)-[c:CREDITED_TO {month: row.month}]->(m)
  WHERE c.excluded IS NULL AND o.status <> 'cancelled'
  RETURN count(DISTINCT o) AS orders
}
RETURN row.month AS month, people, orders
ORDER BY month
LIMIT 1000
