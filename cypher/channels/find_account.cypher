// Whose is this account?
// mode: read
// params: $accountId string
// returns: memberId string
// timeout: 5 s
MATCH (a:Account {accountId: $accountId})-[:BELONGS_TO]->(m:Member)
RETURN m.memberId AS memberId
ORDER BY memberId
LIMIT 1
