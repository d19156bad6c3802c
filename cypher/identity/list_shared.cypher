// With which identifiers, after this one, was more than one member seen?
// mode: read
// params: $after string, $limit integer
// returns: tokens list<string>
// timeout: 60 s
MATCH (i:Identifier)
WHERE i.token > $after
WITH i
ORDER BY i.token
WHERE COUNT { (i)<-[:USES]-() } > 1
WITH i
LIMIT $limit
RETURN collect(i.token) AS tokens
