// Who passed this share on, and who passed it on from them?
// zh: 谁转发了这个分享，又有谁继续转发？
// topic: influence
// mode: read
// params: $shareId string
// example: shareId => 's-showcase-1'
// returns: path path
// timeout: 10 s
MATCH path = (:Share {shareId: $shareId})<-[:RESHARE_OF*0..12]-(:Share)
  <-[:CREATED]-(:Member)
RETURN path
ORDER BY length(path)
LIMIT 200
