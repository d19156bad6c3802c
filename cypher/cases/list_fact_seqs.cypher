// Where in the log are the facts of these keys?
// mode: read
// params: $keys list<string>
// returns: key string, seq integer (null: not booked yet)
// timeout: 10 s
UNWIND $keys AS key
MATCH (f:Fact {key: key})
RETURN key, f.seq AS seq
ORDER BY key
LIMIT 20001
