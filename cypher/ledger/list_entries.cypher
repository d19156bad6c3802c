// Which entries stand in these parts of payees' chains, in order?
// mode: read
// params: $rows list<map>
// returns: entries list<map>
// timeout: 60 s
UNWIND $rows AS row
MATCH (e:LedgerEntry {payeeId: row.payeeId})
WHERE row.after < e.number <= row.upTo
WITH e
ORDER BY e.payeeId, e.number
RETURN collect(properties(e)) AS entries
