// Give back the keys of facts that were rejected after all.
// mode: write
// params: $keys list<string>
// returns: nothing
// timeout: 10 s
UNWIND $keys AS key
MATCH (f:Fact {key: key})
DELETE f
