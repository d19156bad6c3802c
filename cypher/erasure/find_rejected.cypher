// Which rejected events hold one of these texts?
// mode: read
// params: $texts list<string>
// returns: rejectedIds list<string>, contents list<string>
// timeout: 60 s
MATCH (r:Rejected)
WHERE any(text IN $texts WHERE r.content CONTAINS text)
RETURN collect(r.rejectedId) AS rejectedIds, collect(r.content) AS contents
