// What did the visitors after this one, whom nobody knows, click in a time?
// mode: read
// params: $after string, $limit integer, $opens datetime, $closes datetime
// returns: last string, people list<string>, shareIds list<string>,
//   times list<integer> (us)
// timeout: 60 s
MATCH (v:Visitor)
WHERE v.visitorId > $after
WITH v
ORDER BY v.visitorId
LIMIT $limit
WITH collect(v) AS visitors, max(v.visitorId) AS last
CALL (visitors) {
  UNWIND visitors AS v
  MATCH (v)-[c:CLICKED]->(s:Share)
  WHERE $opens < c.at < $closes AND NOT EXISTS { (v)-[:IDENTIFIED_AS]->() }
  RETURN collect('\u0001' + v.visitorId) AS people,
    collect(s.shareId) AS shareIds,
    collect(c.at.epochSeconds * 1000000 + c.at.microsecond) AS times
}
RETURN last, people, shareIds, times
LIMIT 1
