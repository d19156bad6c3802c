// What do the booked facts say about which person these members are, and
// whether they may earn, or earn more?
// mode: read
// params: $ids list<string>
// returns: id string, seqs list<integer>, types list<string>,
//   times list<integer> (us), stored list<integer> (us), data list<string>
// timeout: 30 s
UNWIND $ids AS id
MATCH (m:Member {memberId: id})<-[:ABOUT]-(f:Fact)
WHERE f.seq IS NOT NULL
  AND (f.type IN ['promoter.accepted', 'standing.changed']
    OR f.data CONTAINS '"status"')
WITH id, f
ORDER BY id, f.seq
RETURN id, collect(f.seq) AS seqs, collect(f.type) AS types,
  collect(f.time.epochSeconds * 1000000 + f.time.microsecond) AS times,
  collect(f.storedAt.epochSeconds * 1000000 + f.storedAt.microsecond) AS stored,
  collect(f.data) AS data
ORDER BY id
LIMIT 10001
