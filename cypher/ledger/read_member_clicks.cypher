// Which shares did these members click within a time, by booked facts?
// mode: read
// params: $ids list<string>, $opens datetime, $closes datetime
// returns: clickers list<string>, shareIds list<string>,
//   times list<integer> (us), seqs list<integer>
// timeout: 60 s
UNWIND $ids AS id
MATCH (m:Member {memberId: id})-[c:CLICKED]->(s:Share)
WHERE $opens < c.at <= $closes
MATCH (f:Fact {key: c.eventId})
WHERE f.seq IS NOT NULL
RETURN collect(m.memberId) AS clickers, collect(s.shareId) AS shareIds,
  collect(c.at.epochSeconds * 1000000 + c.at.microsecond) AS times,
  collect(f.seq) AS seqs
