// What does a fact say?
// mode: read
// params: $key string
// returns: data string
// timeout: 5 s
MATCH (f:Fact {key: $key})
RETURN f.data AS data
LIMIT 1
