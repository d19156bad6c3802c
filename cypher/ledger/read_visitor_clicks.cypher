// Which shares did these visitors click within a time, by booked facts?
// mode: read
// params: $rows list<map>
// returns: clickers list<string>, shareIds list<string>,
//   times list<integer> (us), seqs list<integer>
// timeout: 60 s
UNWIND $rows AS row
MATCH (v:Visitor {visitorId: row.id})-[c:CLICKED]->(s:Share)
WHERE row.opens < c.at <= row.closes
MATCH (f:Fact {key: c.eventId})
WHERE f.seq IS NOT NULL
RETURN collect(v.visitorId) AS clickers, collect(s.shareId) AS shareIds,
  collect(c.at.epochSeconds * 1000000 + c.at.microsecond) AS times,
  collect(f.seq) AS seqs
