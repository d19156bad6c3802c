// Say how far a scan is; nothing where it is no longer this process's.
// mode: write
// params: $scanId string, $holder string, $stage string, $progress float
// returns: scanId string
// timeout: 5 s
MATCH (s:Scan {scanId: $scanId})
WHERE s.heldBy = $holder AND s.status = 'running'
SET
  s.stage = $stage,
  s.progress = $progress
RETURN s.scanId AS scanId
