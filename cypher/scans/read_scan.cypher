// What is known of a scan?
// mode: read
// params: $scanId string
// returns: scanId string, number integer, mode string, by string,
//   status string, stage string, progress float, attempts integer,
//   createdMillis integer (ms), startedMillis integer (ms),
//   endedMillis integer (ms), alerts integer, error string, details string
// timeout: 5 s
MATCH (s:Scan {scanId: $scanId})
RETURN s.scanId AS scanId, s.number AS number, s.mode AS mode, s.by AS by,
  s.status AS status, s.stage AS stage, s.progress AS progress,
  s.attempts AS attempts, s.createdAt.epochMillis AS createdMillis,
  s.startedAt.epochMillis AS startedMillis,
  s.endedAt.epochMillis AS endedMillis, s.alerts AS alerts,
  s.error AS error, s.details AS details
LIMIT 1
