// Give these pending facts the next sequence numbers, in this order.
// mode: write
// params: $keys list<string>
// returns: nothing
// timeout: 30 s
MERGE (s:Sequence {name: 'fact'})
SET s.value = coalesce(s.value, 0) + size($keys)
WITH s.value - size($keys) AS seq
UNWIND range(0, size($keys) - 1) AS i
MATCH (f:Fact {key: $keys[i]})
REMOVE f:Pending
SET f.seq = seq + i + 1
