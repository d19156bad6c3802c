// Take an event out of quarantine.
// mode: write
// params: $rejectedId string
// returns: nothing
// timeout: 2 s
MATCH (r:Rejected {rejectedId: $rejectedId})
DELETE r
