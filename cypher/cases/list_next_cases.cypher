// Which open cases that nobody works on and that do not sleep are due first?
// mode: read
// params: $nowMillis integer (ms since 1970), $limit integer
// returns: caseId string
// timeout: 5 s
MATCH (c:Case)
WHERE c.dueAt IS NOT NULL
  AND c.state = 'open'
  AND c.assignee IS NULL
  AND coalesce(c.stage, 'NEW') <> 'PENDING_APPROVAL'
  AND coalesce(c.snoozedUntil.epochMillis <= $nowMillis, true)
RETURN c.caseId AS caseId
ORDER BY c.priority, c.dueAt, caseId
LIMIT $limit
