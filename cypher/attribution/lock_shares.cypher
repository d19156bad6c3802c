// Make sure that these shares are known and hold them; which were known before?
// mode: write
// params: $shareIds list<string>, $batch string
// returns: shareId string, digest string, parentShareId string
// timeout: 30 s
UNWIND $shareIds AS shareId
MERGE (s:Share {shareId: shareId})
  ON CREATE SET s.batch = $batch
  ON MATCH SET s.heldBy = $batch
WITH s
WHERE coalesce(s.batch <> $batch, true)
OPTIONAL MATCH (s)-[:RESHARE_OF]->(parent:Share)
RETURN s.shareId AS shareId, s.digest AS digest,
  parent.shareId AS parentShareId
ORDER BY shareId
LIMIT 10001
