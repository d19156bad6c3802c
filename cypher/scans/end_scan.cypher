// End a scan that is under way; nothing where it is no longer this process's.
// mode: write
// params: $scanId string, $holder string, $status string,
//   $stage string (null: as it is), $progress float (null: as it is),
//   $alerts integer, $error string (null: none),
//   $details string, $endedMillis integer (ms since 1970)
// returns: scanId string
// timeout: 5 s
MATCH (s:Scan {scanId: $scanId})
WHERE s.heldBy = $holder AND s.status = 'running'
SET
  s.status = $status,
  s.stage = coalesce($stage, s.stage),
  s.progress = coalesce($progress, s.progress),
  s.alerts = $alerts,
  s.error = $error,
  s.details = $details,
  s.endedAt = datetime({epochMillis: $endedMillis})
RETURN s.scanId AS scanId
