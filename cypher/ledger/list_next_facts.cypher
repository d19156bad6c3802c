// Which booked facts come after this one? No more than so many of a type that
// holds much.
// mode: read
// params: $after integer, $limit integer, $heavyType string,
//   $heavyMax integer
// returns: seqs list<integer>, types list<string>, times list<integer> (us),
//   data list<string>
// timeout: 30 s
MATCH (f:Fact)
WHERE f.seq > $after AND f.seq <= $after + $limit
WITH f
ORDER BY f.seq
WITH collect(f) AS facts
WITH facts, [i IN range(0, size(facts) - 1)
  WHERE facts[i].type = $heavyType] AS heavy
WITH CASE
  WHEN size(heavy) > $heavyMax THEN facts[..heavy[$heavyMax]]
  ELSE facts
END AS facts
UNWIND facts AS f
RETURN collect(f.seq) AS seqs, collect(f.type) AS types,
  collect(f.time.epochSeconds * 1000000 + f.time.microsecond) AS times,
  collect(f.data) AS data
