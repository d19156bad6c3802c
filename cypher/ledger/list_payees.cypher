// Where do the chains of payees after this one end?
// mode: read
// params: $after string, $limit integer
// returns: payeeIds list<string>, numbers list<integer>, hashes list<string>
// timeout: 60 s
MATCH (p:LedgerPayee)
WHERE p.payeeId > $after
WITH p
ORDER BY p.payeeId
LIMIT $limit
RETURN collect(p.payeeId) AS payeeIds, collect(p.number) AS numbers,
  collect(p.hash) AS hashes
