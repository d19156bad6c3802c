// Which case was opened for these alerts last?
// mode: read
// params: $alertIds list<string>
// returns: alertIds list<string>, caseIds list<string>
// timeout: 5 s
UNWIND $alertIds AS alertId
MATCH (c:Case {alertId: alertId})
WITH alertId, c
ORDER BY c.openedAt, c.caseId
WITH alertId, collect(c.caseId)[-1] AS caseId
RETURN collect(alertId) AS alertIds, collect(caseId) AS caseIds
