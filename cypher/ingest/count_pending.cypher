// How many facts of this batch are not booked yet? An empty one asks for all.
// mode: read
// params: $batch string
// returns: pending integer
// timeout: 10 s
MATCH (f:Pending)
WHERE f.batch STARTS WITH $batch
RETURN count(f) AS pending
