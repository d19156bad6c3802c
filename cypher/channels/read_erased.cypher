// Is this member erased?
// mode: read
// params: $memberId string
// returns: erased boolean
// timeout: 5 s
OPTIONAL MATCH (m:Member {memberId: $memberId})
RETURN m.erasedAt IS NOT NULL AS erased
LIMIT 1
