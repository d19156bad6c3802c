// Let a rule or a kind of alert speak about a member again.
// mode: write
// params: $snoozeId string, $by string, $nowMillis integer (ms since 1970)
// returns: snoozeId string
// timeout: 5 s
MATCH (s:RuleSnooze {snoozeId: $snoozeId})
WHERE s.until.epochMillis > $nowMillis
SET
  s.until = datetime({epochMillis: $nowMillis}),
  s.endedBy = $by
RETURN s.snoozeId AS snoozeId
