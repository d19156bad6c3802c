// Keep a member's risk score; of two the one of the later time stands.
// mode: write
// params: $memberId string, $score string (decimal),
//   $level string, $atMillis integer (ms since 1970), $key string
// returns: nothing
// timeout: 5 s
MATCH (m:Member {memberId: $memberId})
WHERE coalesce(m.riskAt.epochMillis <= $atMillis, true)
SET
  m.riskScore = toFloat($score),
  m.riskLevel = $level,
  m.riskAt = datetime({epochMillis: $atMillis}),
  m.riskKey = $key
