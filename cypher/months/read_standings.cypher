// Which role and status have these members, and how many other persons did each
// invite who were bound at this time?
// mode: read
// params: $memberIds list<string>, $at datetime
// returns: memberIds list<string>, roles list<string>,
//   roleAts list<integer> (us), statuses list<string>, directs list<integer>
// timeout: 60 s
UNWIND $memberIds AS memberId
MATCH (m:Member {memberId: memberId})
CALL (m) {
  MATCH (m)-[r:REFERRED|FORMERLY_REFERRED]->(direct:Member)
  WHERE r.since <= $at
    AND coalesce(r.until, r.expiresAt, $at + duration('PT1S')) > $at
    AND coalesce(direct.personId <> m.personId, true)
  RETURN count(DISTINCT coalesce(direct.personId, direct.memberId)) AS directs
}
RETURN collect(m.memberId) AS memberIds, collect(m.role) AS roles,
  collect(coalesce(m.roleAt.epochSeconds * 1000000 + m.roleAt.microsecond, 0))
    AS roleAts,
  collect(m.status) AS statuses, collect(directs) AS directs
