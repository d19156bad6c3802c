// Which orders came just after a click on these members' shares?
// mode: read
// params: $memberIds list<string>
// returns: nodes list<map>, edges list<map>
// timeout: 10 s
MATCH (m:Member)
WHERE m.memberId IN $memberIds
WITH collect(m) AS members
CALL (members) {
  UNWIND members AS m
  MATCH (m)-[:CREATED]->(s:Share)<-[c:CLICKED]-(x:Member)-[:PLACED]->(o:Order)
  WHERE o.paidAt >= c.at AND o.paidAt <= c.at + duration({minutes: 10})
  WITH m, s, x, o, max(c.at) AS at
  ORDER BY at DESC, o.orderId
  LIMIT 60
  RETURN
    collect(DISTINCT {
      id: 'order:' + o.orderId,
      kind: 'order',
      label: o.orderId
    }) + collect(DISTINCT {
      id: 'member:' + x.memberId,
      kind: 'member',
      label: x.memberId
    }) AS snatched,
    collect(DISTINCT {
      from: 'member:' + x.memberId,
      to: 'order:' + o.orderId,
      type: 'PLACED',
      amountMinor: o.amountMinor,
      at: o.paidAt.epochMillis
    }) + collect({
      from: 'member:' + m.memberId,
      to: 'order:' + o.orderId,
      type: 'CLICKED_JUST_BEFORE',
      at: at.epochMillis
    }) AS snatches
}
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
  ] + snatched + clicked AS nodes,
  snatches + clicks AS edges
LIMIT 1
