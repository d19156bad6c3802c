// Up to which fact has the ledger followed the log?
// mode: read
// params: none
// returns: bookedSeq integer
// timeout: 5 s
OPTIONAL MATCH (l:Ledger {name: 'ledger'})
RETURN coalesce(l.bookedSeq, 0) AS bookedSeq
LIMIT 1
