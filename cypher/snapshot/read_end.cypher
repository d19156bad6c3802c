// Which number has the last fact of the log?
// mode: read
// params: none
// returns: seq integer
// timeout: 10 s
OPTIONAL MATCH (s:Sequence {name: 'fact'})
RETURN coalesce(s.value, 0) AS seq
LIMIT 1
