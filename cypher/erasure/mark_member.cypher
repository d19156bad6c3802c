// Let a member be erased from now on.
// mode: write
// params: $memberId string, $at string
// returns: nothing
// timeout: 10 s
MATCH (m:Member {memberId: $memberId})
SET m.erasedAt = coalesce(m.erasedAt, datetime($at))
