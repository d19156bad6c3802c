// Keep up to which fact the ledger is booked, and the latest payment in it.
// mode: write
// params: $bookedSeq integer, $newestPaidAt integer (us)
// returns: nothing
// timeout: 10 s
MATCH (l:Ledger {name: 'ledger'})
SET l.bookedSeq = $bookedSeq, l.newestPaidAt = $newestPaidAt
