// What is released on these days, moment by moment?
// mode: read
// params: $dayIds list<string>
// returns: dayId string, moments list<integer> (us), amounts list<integer>
// timeout: 60 s
UNWIND $dayIds AS dayId
MATCH (d:WalletDay {dayId: dayId})
RETURN dayId, d.moments AS moments, d.amounts AS amounts
ORDER BY dayId
LIMIT 1000001
