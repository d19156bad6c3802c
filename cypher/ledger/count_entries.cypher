// How many entries are there?
// mode: read
// params: none
// returns: entries integer
// timeout: 60 s
MATCH (e:LedgerEntry)
RETURN count(e) AS entries
