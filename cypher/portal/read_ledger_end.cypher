// When was the last fact stored that the ledger has followed?
// mode: read
// params: none
// returns: storedAt integer (us)
// timeout: 5 s
MATCH (l:Ledger {name: 'ledger'})
MATCH (f:Fact {seq: l.bookedSeq})
RETURN f.storedAt.epochSeconds * 1000000 + f.storedAt.microsecond AS storedAt
LIMIT 1
