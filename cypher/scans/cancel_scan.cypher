// Call off a scan that has not ended; nothing where it has, or where its alerts
// are shown already.
// mode: write
// params: $scanId string, $details string, $endedMillis integer (ms since 1970)
// returns: scanId string
// timeout: 5 s
MATCH (s:Scan {scanId: $scanId})
WHERE s.status IN ['queued', 'running'] AND s.stage <> 'scoring'
SET
  s.status = 'cancelled',
  s.alerts = 0,
  s.details = $details,
  s.endedAt = datetime({epochMillis: $endedMillis})
RETURN s.scanId AS scanId
