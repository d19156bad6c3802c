// Let a rule or a kind of alert be silent about a member for a while; what was
// said of that before is replaced.
// mode: write
// params: $snoozeId string, $memberId string, $code string, $reason string,
//   $by string, $placedMillis integer (ms since 1970),
//   $untilMillis integer (ms since 1970)
// returns: snoozeId string
// timeout: 5 s
MATCH (m:Member {memberId: $memberId})
MERGE (s:RuleSnooze {snoozeId: $snoozeId})
SET
  s.code = $code,
  s.reason = $reason,
  s.placedBy = $by,
  s.placedAt = datetime({epochMillis: $placedMillis}),
  s.until = datetime({epochMillis: $untilMillis}),
  s.endedBy = null
MERGE (s)-[:SILENCES]->(m)
RETURN s.snoozeId AS snoozeId
