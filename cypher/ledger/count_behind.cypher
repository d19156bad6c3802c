// How many booked facts has the ledger not followed yet?
// mode: read
// params: none
// returns: behind integer
// timeout: 10 s
OPTIONAL MATCH (s:Sequence {name: 'fact'})
OPTIONAL MATCH (l:Ledger {name: 'ledger'})
RETURN coalesce(s.value, 0) - coalesce(l.bookedSeq, 0) AS behind
LIMIT 1
