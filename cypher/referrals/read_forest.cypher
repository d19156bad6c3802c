// Who stands above these members, and how large is each one's team?
// mode: read
// params: $memberIds list<string>
// returns: memberIds list<string>, inviterIds list<string>, sizes list<integer>
// timeout: 30 s
UNWIND $memberIds AS memberId
MATCH (:Member {memberId: memberId})<-[:REFERRED*0..512]-(u:Member)
WITH DISTINCT u
OPTIONAL MATCH (u)<-[:REFERRED]-(inviter:Member)
RETURN collect(u.memberId) AS memberIds,
  collect(coalesce(inviter.memberId, '')) AS inviterIds,
  collect(coalesce(u.teamSize, 0)) AS sizes
