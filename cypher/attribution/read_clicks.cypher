// Who clicked these shares within a time, and when? Of the clicks of all who
// are held it is said that they are one stranger's, \u0002.
// mode: read
// params: $shareIds list<string>, $opens datetime, $closes datetime
// returns: shareId string, people list<string>, times list<integer> (us)
// timeout: 60 s
UNWIND $shareIds AS shareId
MATCH (s:Share {shareId: shareId})<-[c:CLICKED]-(clicker:Member|Visitor)
WHERE $opens < c.at <= $closes
OPTIONAL MATCH (clicker)-[:IDENTIFIED_AS]->(known:Member)
WITH s, c, coalesce(known, clicker) AS someone
RETURN s.shareId AS shareId,
  collect(CASE
    WHEN someone.held THEN '\u0002'
    ELSE coalesce(
      someone.personId, someone.memberId, '\u0001' + someone.visitorId
    )
  END) AS people,
  collect(c.at.epochSeconds * 1000000 + c.at.microsecond) AS times
ORDER BY shareId
LIMIT 100001
