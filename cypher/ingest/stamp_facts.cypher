// Give the oldest pending facts the next sequence numbers; what are they?
// mode: write
// params: $limit integer
// returns: keys list<string>, types list<string>, times list<integer> (us),
//   data list<string>, seq integer
// timeout: 30 s
MATCH (f:Pending)
WITH f
ORDER BY f.storedAt, f.batch, f.position
LIMIT $limit
WITH collect(f) AS facts
MERGE (s:Sequence {name: 'fact'})
SET s.value = coalesce(s.value, 0) + size(facts)
WITH facts, s.value - size(facts) AS seq
UNWIND range(0, size(facts) - 1) AS i
WITH facts[i] AS f, seq, i
REMOVE f:Pending
SET f.seq = seq + i + 1
RETURN collect(f.key) AS keys, collect(f.type) AS types,
  collect(f.time.epochSeconds * 1000000 + f.time.microsecond) AS times,
  collect(f.data) AS data, max(seq) AS seq
