// Who passed on what from whom, and when, in these cascades?
// mode: read
// params: $rootIds list<string>, $limit integer
// returns: rootIds list<string>, shareIds list<string>,
//   parentIds list<string>, memberIds list<string>, times list<integer> (us)
// timeout: 30 s
UNWIND $rootIds AS rootId
MATCH (:Share {shareId: rootId})<-[:RESHARE_OF*0..4096]-(s:Share)
WITH rootId, s
LIMIT $limit
WITH rootId, s,
  head([(s)-[:RESHARE_OF]->(p:Share) | p.shareId]) AS parentId,
  head([(s)<-[:CREATED]-(m:Member) | m.memberId]) AS memberId
RETURN collect(rootId) AS rootIds, collect(s.shareId) AS shareIds,
  collect(coalesce(parentId, '')) AS parentIds,
  collect(coalesce(memberId, '')) AS memberIds,
  collect(coalesce(
    s.createdAt.epochSeconds * 1000000 + s.createdAt.microsecond, 0
  )) AS times
