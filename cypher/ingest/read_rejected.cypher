// What is this event in quarantine?
// mode: read
// params: $rejectedId string
// returns: content string, code string
// timeout: 2 s
MATCH (r:Rejected {rejectedId: $rejectedId})
RETURN r.content AS content, r.code AS code
LIMIT 1
