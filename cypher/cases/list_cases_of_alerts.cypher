// Which case is about each of these alerts, the latest of several?
// mode: read
// params: $alertIds list<string>
// returns: alertIds list<string>, caseIds list<string>
// timeout: 5 s
UNWIND $alertIds AS alertId
MATCH (:Alert {alertId: alertId})<-[:LOOKS_INTO]-(c:Case)
WITH alertId, c
ORDER BY c.openedAt, c.caseId
WITH alertId, collect(c.caseId)[-1] AS caseId
RETURN collect(alertId) AS alertIds, collect(caseId) AS caseIds
