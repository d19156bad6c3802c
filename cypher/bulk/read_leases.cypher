// How often were leases asked for that somebody holds now?
// mode: read
// params: none
// returns: asked integer
// timeout: 5 s
MATCH (l:Lease)
WHERE l.until > datetime.realtime()
RETURN sum(l.asked) AS asked
