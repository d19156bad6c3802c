// Through which shares, closest first, did these come, and who made each?
// mode: read
// params: $shareIds list<string>
// returns: shareId string, more boolean, shares list<map>
// timeout: 30 s
UNWIND $shareIds AS shareId
MATCH (closer:Share {shareId: shareId})
CALL (closer) {
  MATCH chain = (closer)-[:RESHARE_OF*0..512]->(origin:Share)
  RETURN nodes(chain) AS steps,
    EXISTS { (origin)-[:RESHARE_OF]->(:Share) } AS more
  ORDER BY length(chain) DESC
  LIMIT 1
}
RETURN shareId, more, [s IN steps | {
  shareId: s.shareId,
  createdAt: s.createdAt.epochSeconds * 1000000 + s.createdAt.microsecond,
  memberId: head([(s)<-[:CREATED]-(m:Member) | m.memberId])
}] AS shares
ORDER BY shareId
LIMIT 10001
