// About which members is which rule or kind of alert silent?
// mode: read
// params: $memberId string, $nowMillis integer (ms since 1970), $limit integer
// returns: snoozeId string, code string, reason string, placedBy string,
//   placedMillis integer (ms), untilMillis integer (ms)
// timeout: 5 s
MATCH (s:RuleSnooze)-[:SILENCES]->(:Member {memberId: $memberId})
WHERE s.until.epochMillis > $nowMillis
RETURN s.snoozeId AS snoozeId, s.code AS code, s.reason AS reason,
  s.placedBy AS placedBy, s.placedAt.epochMillis AS placedMillis,
  s.until.epochMillis AS untilMillis
ORDER BY untilMillis, snoozeId
LIMIT $limit
