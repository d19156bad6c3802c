// What speaks for the live alerts of a scan, after this one?
// mode: read
// params: $number integer, $minScore float, $after string, $limit integer
// returns: alertId string, kind string, reasons string
// timeout: 30 s
MATCH (v:AlertVersion)
WHERE v.number = $number AND v.state = 'live' AND v.score >= $minScore
  AND v.alertId > $after
RETURN v.alertId AS alertId, v.kind AS kind, v.reasons AS reasons
ORDER BY alertId
LIMIT $limit
