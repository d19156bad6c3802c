// Which members, after this one, share something strong, or had something said
// of them and another?
// mode: read
// params: $after string, $limit integer
// returns: memberIds list<string>
// timeout: 60 s
MATCH (m:Member)
WHERE m.memberId > $after
WITH m
ORDER BY m.memberId
WHERE EXISTS {
  (m)-[:USES]->(i:Payment|Phone|Union)
  WHERE i.reach > 1
} OR EXISTS {
  (m)<-[:ABOUT]-(f:Fact)
  WHERE f.type IN ['member.merged', 'member.unmerged']
}
WITH m
LIMIT $limit
RETURN collect(m.memberId) AS memberIds
