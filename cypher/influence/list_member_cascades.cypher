// With which shares did the cascades begin that a member took part in, those of
// the member's latest shares first?
// mode: read
// params: $memberId string, $closes datetime, $limit integer
// returns: rootIds list<string>
// timeout: 30 s
MATCH (:Member {memberId: $memberId})-[:CREATED]->(s:Share)
WHERE s.createdAt < $closes
MATCH (s)-[:RESHARE_OF*0..4096]->(root:Share)
WHERE NOT EXISTS { (root)-[:RESHARE_OF]->() }
WITH root, max(s.createdAt) AS latest
ORDER BY latest DESC, root.shareId
LIMIT $limit
RETURN collect(root.shareId) AS rootIds
