// Which first shares were passed on most, and what did that sell?
// zh: 哪些首发分享被转发最多，卖了多少？
// topic: influence
// mode: read
// params: none
// returns: shareId string, memberId string, reshares integer,
//   depth integer, orders integer, amountMinor integer (minor units)
// timeout: 60 s
MATCH (root:Share)
WHERE NOT EXISTS { (root)-[:RESHARE_OF]->(:Share) }
  AND EXISTS { (root)<-[:RESHARE_OF]-(:Share) }
MATCH chain = (root)<-[:RESHARE_OF*1..64]-(:Share)
WITH root, count(*) AS reshares, max(length(chain)) AS depth
ORDER BY reshares DESC, root.shareId
LIMIT 20
MATCH (root)<-[:CREATED]-(m:Member)
OPTIONAL MATCH (root)<-[:CAME_THROUGH|PASSED]-(o:Order)
WITH DISTINCT root, m, reshares, depth, o
RETURN root.shareId AS shareId, m.memberId AS memberId, reshares, depth,
  count(o) AS orders, sum(o.amountMinor) AS amountMinor
ORDER BY reshares DESC, shareId
LIMIT 20
