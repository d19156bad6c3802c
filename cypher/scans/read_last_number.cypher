// Which number has the latest scan?
// mode: read
// params: none
// returns: number integer
// timeout: 5 s
MATCH (s:Scan)
WHERE s.number > 0
RETURN coalesce(max(s.number), 0) AS number
