// Who stands below these members, and right under whom?
// mode: read
// params: $memberIds list<string>
// returns: memberIds list<string>, inviterIds list<string>
// timeout: 30 s
UNWIND $memberIds AS memberId
MATCH (:Member {memberId: memberId})-[:REFERRED*1..512]->(d:Member)
WITH DISTINCT d
MATCH (d)<-[:REFERRED]-(inviter:Member)
RETURN collect(d.memberId) AS memberIds,
  collect(inviter.memberId) AS inviterIds
