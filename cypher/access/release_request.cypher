// Forget a request that came to no answer, so that it may be sent again.
// mode: write
// params: $requestId string, $holder string
// returns: nothing
// timeout: 10 s
MATCH (a:Answered {requestId: $requestId, holder: $holder})
WHERE a.status IS NULL
DELETE a
