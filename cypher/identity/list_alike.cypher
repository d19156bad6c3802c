// Which members, after this one, share something strong, had something said of
// them and another, or are believed to be a person with others or to be held?
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
} OR m.personId IS NOT NULL OR m.held
WITH m
LIMIT $limit
RETURN collect(m.memberId) AS memberIds
