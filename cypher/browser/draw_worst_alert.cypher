// Whom and what is the live alert with the greatest score about?
// zh: 分数最高的现行告警涉及谁和什么？
// topic: risk
// mode: read
// params: none
// returns: path path
// timeout: 10 s
MATCH (a:AlertSet {name: 'shown'})
MATCH (v:AlertVersion)
WHERE v.number = a.number AND v.state = 'live' AND v.score >= 0
WITH v
ORDER BY v.score DESC, v.alertId
LIMIT 1
MATCH path = (v)-[:ALERTS|ALERTS_ON]->(:Member|Order|Shop)
RETURN path
LIMIT 200
