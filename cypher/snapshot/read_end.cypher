// Which number has the last fact of the log?
// mode: read
// params: none
// returns: seq integer
// timeout: 10 s
MATCH (f:Fact)
WHERE f.seq > 0
RETURN coalesce(max(f.seq), 0) AS seq
