// Which person is each of these members, and may they earn?
// mode: read
// params: $memberIds list<string>
// returns: memberId string, personId string, status string
// timeout: 10 s
UNWIND $memberIds AS memberId
MATCH (m:Member {memberId: memberId})
RETURN m.memberId AS memberId,
  coalesce(m.personId, m.memberId) AS personId, m.status AS status
ORDER BY memberId
LIMIT 100001
