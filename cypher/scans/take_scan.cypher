// Begin with a scan, or go on with one whose process is gone.
// mode: write
// params: $scanId string, $holder string,
//   $startedMillis integer (ms since 1970)
// returns: attempts integer
// timeout: 5 s
MATCH (s:Scan {scanId: $scanId})
SET s.heldBy = $holder
WITH s
WHERE s.status IN ['queued', 'running']
SET
  s.status = 'running',
  s.attempts = s.attempts + 1,
  s.startedAt = coalesce(
    s.startedAt,
    datetime({epochMillis: $startedMillis})
  )
RETURN s.attempts AS attempts
