// What is known of this member?
// mode: read
// params: $memberId string
// returns: memberId string, role string, status string, joinedAt integer (ms),
//   lastActiveAt integer (ms), communityId string, kyc string,
//   taxRegistered boolean, directCount integer, teamSize integer,
//   inviterId string
// timeout: 2 s
MATCH (m:Member {memberId: $memberId})
OPTIONAL MATCH (m)<-[:REFERRED]-(inviter:Member)
RETURN m.memberId AS memberId, m.role AS role, m.status AS status,
  m.joinedAt.epochMillis AS joinedAt,
  m.lastActiveAt.epochMillis AS lastActiveAt, m.communityId AS communityId,
  m.kyc AS kyc, m.taxRegistered AS taxRegistered,
  m.directCount AS directCount, m.teamSize AS teamSize,
  inviter.memberId AS inviterId
LIMIT 1
