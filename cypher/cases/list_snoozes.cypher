// Which rules and kinds of alerts are silent about a member, those that end
// first first, after this place in the list?
// mode: read
// params: $memberId string, $nowMillis integer (ms since 1970),
//   $afterMillis integer (ms since 1970), $afterId string, $limit integer
// returns: snoozeId string, code string, reason string, placedBy string,
//   placedMillis integer (ms), untilMillis integer (ms)
// timeout: 5 s
MATCH (s:RuleSnooze)-[:SILENCES]->(:Member {memberId: $memberId})
WHERE s.until.epochMillis > $nowMillis
  AND (s.until.epochMillis > $afterMillis
    OR (s.until.epochMillis = $afterMillis AND s.snoozeId > $afterId))
RETURN s.snoozeId AS snoozeId, s.code AS code, s.reason AS reason,
  s.placedBy AS placedBy, s.placedAt.epochMillis AS placedMillis,
  s.until.epochMillis AS untilMillis
ORDER BY untilMillis, snoozeId
LIMIT $limit
