// Keep what was answered to a request, if it is still this caller's.
// mode: write
// params: $requestId string, $holder string, $status integer, $body string,
//   $media string, $hasBody boolean
// returns: nothing
// timeout: 10 s
MATCH (a:Answered {requestId: $requestId, holder: $holder})
SET a.status = $status, a.media = $media,
  a.body = CASE WHEN $hasBody THEN $body END
