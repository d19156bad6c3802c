// Which facts of these types are in this stretch of the log?
// mode: read
// params: $after integer, $upTo integer, $types list<string>
// returns: seqs list<integer>, types list<string>, times list<integer> (us),
//   data list<string>
// timeout: 30 s
MATCH (f:Fact)
WHERE $after < f.seq <= $upTo AND f.type IN $types
WITH f
ORDER BY f.seq
RETURN collect(f.seq) AS seqs, collect(f.type) AS types,
  collect(f.time.epochSeconds * 1000000 + f.time.microsecond) AS times,
  collect(f.data) AS data
