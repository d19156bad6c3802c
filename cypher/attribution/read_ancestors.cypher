// Which shares do these come from?
// mode: read
// params: $shareIds list<string>
// returns: shareIds list<string>, parentIds list<string>
// timeout: 30 s
UNWIND $shareIds AS shareId
MATCH (:Share {shareId: shareId})-[:RESHARE_OF*0..4096]->(s:Share)
WITH DISTINCT s
MATCH (s)-[:RESHARE_OF]->(parent:Share)
RETURN collect(s.shareId) AS shareIds, collect(parent.shareId) AS parentIds
