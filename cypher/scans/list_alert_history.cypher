// How did an alert change from scan to scan, latest first?
// mode: read
// params: $alertId string, $number integer, $limit integer
// returns: scanId string, number integer, atMillis integer (ms),
//   change string, score float, members integer, added integer,
//   removed integer, reasons string, details string, versionId string
// timeout: 5 s
MATCH (:Alert {alertId: $alertId})<-[:VERSION_OF]-(v:AlertVersion)
WHERE v.number <= $number AND v.change <> 'none'
RETURN v.scanId AS scanId, v.number AS number, v.at.epochMillis AS atMillis,
  v.change AS change, v.score AS score, v.members AS members,
  v.added AS added, v.removed AS removed, v.reasons AS reasons,
  v.details AS details, v.versionId AS versionId
ORDER BY number DESC, atMillis DESC, versionId
LIMIT $limit
