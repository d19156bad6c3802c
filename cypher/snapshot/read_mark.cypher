// Which fact has this place in the log?
// mode: read
// params: $seq integer
// returns: key string
// timeout: 10 s
MATCH (f:Fact {seq: $seq})
RETURN f.key AS key
LIMIT 1
