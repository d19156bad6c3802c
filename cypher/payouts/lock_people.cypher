// Hold every account of these members' persons; which are they?
// mode: write
// params: $memberIds list<string>, $holder string
// returns: memberIds list<string>
// timeout: 30 s
UNWIND $memberIds AS memberId
MATCH (m:Member {memberId: memberId})
OPTIONAL MATCH (m)-[:IS_PERSON]->(:Person)<-[:IS_PERSON]-(n:Member)
WITH collect(m.memberId) + collect(n.memberId) AS accountIds
UNWIND accountIds AS accountId
WITH DISTINCT accountId
ORDER BY accountId
MATCH (a:Member {memberId: accountId})
SET a.payoutHeldBy = $holder
RETURN collect(a.memberId) AS memberIds
