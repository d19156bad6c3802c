// Which booked facts come after this one?
// mode: read
// params: $after integer, $limit integer
// returns: seqs list<integer>, types list<string>, times list<integer> (us),
//   data list<string>
// timeout: 30 s
MATCH (f:Fact)
WHERE f.seq > $after AND f.seq <= $after + $limit
WITH f
ORDER BY f.seq
RETURN collect(f.seq) AS seqs, collect(f.type) AS types,
  collect(f.time.epochSeconds * 1000000 + f.time.microsecond) AS times,
  collect(f.data) AS data
