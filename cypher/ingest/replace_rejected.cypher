// Let rejected events of an erased member hold other content.
// mode: write
// params: $rows list<map>
// returns: nothing
// timeout: 30 s
UNWIND $rows AS row
MATCH (r:Rejected {rejectedId: row.rejectedId})
SET r.content = row.content
