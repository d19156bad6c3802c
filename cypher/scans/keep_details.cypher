// Keep what a scan found out about itself.
// mode: write
// params: $scanId string, $details string
// returns: nothing
// timeout: 5 s
MATCH (s:Scan {scanId: $scanId})
SET s.details = $details
