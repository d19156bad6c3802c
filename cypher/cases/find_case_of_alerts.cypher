// Which open case is about all of these alerts?
// mode: read
// params: $alertIds list<string>
// returns: caseId string
// timeout: 5 s
UNWIND $alertIds AS alertId
MATCH (a:Alert {alertId: alertId})<-[:LOOKS_INTO]-(c:Case)
WHERE c.state = 'open'
WITH c, count(DISTINCT a) AS alerts
WHERE alerts = size($alertIds)
RETURN c.caseId AS caseId
ORDER BY caseId
LIMIT 1
