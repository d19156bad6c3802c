// Who clicks on these members' shares, and how often?
// mode: read
// params: $memberIds list<string>
// returns: nodes list<map>, edges list<map>
// timeout: 10 s
MATCH (m:Member)
WHERE m.memberId IN $memberIds
WITH collect(m) AS members
CALL (members) {
  UNWIND members AS m
  MATCH (m)-[:CREATED]->(s:Share)<-[c:CLICKED]-(x:Member|Visitor)
  WITH m, s, x, count(c) AS clicks, max(c.at) AS at
  ORDER BY clicks DESC, s.shareId, coalesce(x.memberId, x.visitorId)
  LIMIT 100
  RETURN
    collect(DISTINCT {
      id: 'share:' + s.shareId,
      kind: 'share',
      label: s.shareId
    }) + collect(DISTINCT {
      id: coalesce('member:' + x.memberId, 'visitor:' + x.visitorId),
      kind: CASE WHEN x.memberId IS NULL THEN 'visitor' ELSE 'member' END,
      label: coalesce(x.memberId, x.visitorId)
    }) AS clicked,
    collect(DISTINCT {
      from: 'member:' + m.memberId,
      to: 'share:' + s.shareId,
      type: 'CREATED'
    }) + collect({
      from: coalesce('member:' + x.memberId, 'visitor:' + x.visitorId),
      to: 'share:' + s.shareId,
      type: 'CLICKED',
      weight: clicks,
      at: at.epochMillis
    }) AS clicks
}
CALL (members) {
  UNWIND members AS m
  MATCH (m)-[u:USES]->(i:Identifier)
  WITH i, collect({
    member: m.memberId,
    first: u.firstSeen.epochMillis
  }) AS users
  WHERE size(users) > 1
  WITH i, users
  ORDER BY size(users) DESC, i.token
  LIMIT 40
  UNWIND users AS one
  RETURN
    collect(DISTINCT {
      id: 'token:' + i.token,
      kind: 'token',
      label: i.token
    }) AS tokens,
    collect({
      from: 'member:' + one.member,
      to: 'token:' + i.token,
      type: 'USES',
      at: one.first
    }) AS uses
}
RETURN
  [m IN members |
    {
      id: 'member:' + m.memberId,
      kind: 'member',
      label: m.memberId,
      role: m.role,
      status: m.status,
      joinedAt: m.joinedAt.epochMillis,
      riskScore: m.riskScore
    }
  ] + clicked + tokens AS nodes,
  clicks + uses AS edges
LIMIT 1
