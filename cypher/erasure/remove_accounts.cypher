// Take away the logins that belong to a member.
// mode: write
// params: $memberId string
// returns: accounts integer
// timeout: 10 s
MATCH (m:Member {memberId: $memberId})
OPTIONAL MATCH (m)<-[:BELONGS_TO]-(a:Account)
WITH a, a.accountId AS accountId
DETACH DELETE a
RETURN count(accountId) AS accounts
