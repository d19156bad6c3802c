// Keep where the chains of these payees end.
// mode: write
// params: $rows list<map>
// returns: nothing
// timeout: 30 s
UNWIND $rows AS row
MATCH (p:LedgerPayee {payeeId: row.payeeId})
SET p.number = row.number, p.hash = row.hash
