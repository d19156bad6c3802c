// For which orders is this member paid?
// topic: money
// mode: read
// params: $memberId string
// example: memberId => 'sun-mei'
// returns: path path
// timeout: 10 s
MATCH path = (:Member {memberId: $memberId})<-[:PAYS]-(:LedgerEntry)
  -[:FOR]->(:Order|SalesMonth)
RETURN path
LIMIT 100
