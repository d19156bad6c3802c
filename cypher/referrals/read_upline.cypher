// Who stands above this member by the bindings in force, nearest first?
// mode: read
// params: $memberId string
// returns: memberId string, since integer (ms), mode string, role string,
//   status string, level integer
// timeout: 5 s
MATCH p = (:Member {memberId: $memberId})<-[:REFERRED*1..512]-(u:Member)
WITH u, last(relationships(p)) AS r, length(p) AS level
RETURN u.memberId AS memberId, r.since.epochMillis AS since, r.mode AS mode,
  u.role AS role, u.status AS status, level
ORDER BY level
LIMIT 512
