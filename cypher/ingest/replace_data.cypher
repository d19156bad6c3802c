// Let facts of an erased member hold other data; what they are known by stays.
// mode: write
// params: $rows list<map>
// returns: nothing
// timeout: 30 s
UNWIND $rows AS row
MATCH (f:Fact {key: row.key})
SET f.data = row.data
