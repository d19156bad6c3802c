// Through which shares did these come, and what do the booked facts say of
// each?
// mode: read
// params: $shareIds list<string>
// returns: shareIds list<string>, seqs list<integer>,
//   times list<integer> (us), data list<string>
// timeout: 60 s
UNWIND $shareIds AS shareId
MATCH (:Share {shareId: shareId})-[:RESHARE_OF*0..512]->(s:Share)
WITH DISTINCT s
MATCH (s)<-[:ABOUT]-(f:Fact)
WHERE f.seq IS NOT NULL
RETURN collect(s.shareId) AS shareIds, collect(f.seq) AS seqs,
  collect(f.time.epochSeconds * 1000000 + f.time.microsecond) AS times,
  collect(f.data) AS data
