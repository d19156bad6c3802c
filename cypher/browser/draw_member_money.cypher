// For which orders is this member paid?
// zh: 这位会员因哪些订单得到报酬？
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
