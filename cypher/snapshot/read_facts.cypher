// What do the facts of these places in the log say?
// mode: read
// params: $after integer, $until integer
// returns: types list<string>, times list<integer> (us), data list<string>
// timeout: 60 s
MATCH (f:Fact)
WHERE f.seq > $after AND f.seq <= $until
WITH f
ORDER BY f.seq
RETURN collect(f.type) AS types,
  collect(f.time.epochSeconds * 1000000 + f.time.microsecond) AS times,
  collect(f.data) AS data
