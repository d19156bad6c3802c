// Remove the oldest versions of alerts that have more than are kept.
// mode: write
// params: $alertIds list<string>, $keep integer
// returns: removed integer
// timeout: 30 s
UNWIND $alertIds AS alertId
MATCH (:Alert {alertId: alertId})<-[:VERSION_OF]-(v:AlertVersion)
WITH alertId, v
ORDER BY v.number DESC
WITH alertId, collect(v)[$keep..] AS old
UNWIND old AS v
DETACH DELETE v
RETURN count(*) AS removed
