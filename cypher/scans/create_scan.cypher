// Keep a scan that somebody asked for.
// mode: write
// params: $scanId string, $number integer, $mode string, $by string,
//   $createdMillis integer (ms since 1970)
// returns: nothing
// timeout: 5 s
MERGE (s:Scan {scanId: $scanId})
  ON CREATE SET
    s.number = $number,
    s.mode = $mode,
    s.by = $by,
    s.status = 'queued',
    s.stage = 'queued',
    s.progress = 0.0,
    s.attempts = 0,
    s.createdAt = datetime({epochMillis: $createdMillis})
