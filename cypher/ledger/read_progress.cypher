// Up to which fact is the ledger booked, and how many periods are closed?
// mode: read
// params: none
// returns: bookedSeq integer, closed integer
// timeout: 10 s
OPTIONAL MATCH (l:Ledger {name: 'ledger'})
OPTIONAL MATCH (p:Period)
WHERE p.closedAt IS NOT NULL
RETURN coalesce(l.bookedSeq, 0) AS bookedSeq, count(p) AS closed
LIMIT 1
