// Hold the chains of these payees; where does each end?
// mode: write
// params: $payeeIds list<string>, $holder string
// returns: payeeId string, number integer, hash string
// timeout: 30 s
UNWIND $payeeIds AS payeeId
MERGE (p:LedgerPayee {payeeId: payeeId})
SET p.heldBy = $holder
RETURN p.payeeId AS payeeId, coalesce(p.number, 0) AS number, p.hash AS hash
ORDER BY payeeId
LIMIT 100001
