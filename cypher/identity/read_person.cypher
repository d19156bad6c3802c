// Which accounts has this member's person, itself first, and what did each do?
// mode: read
// params: $memberId string, $prefix string
// returns: memberId string, status string, joinedAt string (RFC 3339),
//   since string (RFC 3339), held boolean, channels list<map>, shares integer,
//   clicks integer, orders integer, invited integer, ownSalesMinor integer
// timeout: 20 s
MATCH (m:Member {memberId: $memberId})
CALL (m) {
  RETURN m AS account
UNION
  MATCH (:Person {personId: m.personId})<-[:IS_PERSON]-(account:Member)
  RETURN account
}
OPTIONAL MATCH (account)-[is:IS_PERSON]->(:Person)
OPTIONAL MATCH (s:SalesMonth {salesMonthId: $prefix + account.memberId})
RETURN account.memberId AS memberId, account.status AS status,
  toString(account.joinedAt) AS joinedAt, toString(is.since) AS since,
  coalesce(account.held, false) AS held,
  [(account)<-[:BELONGS_TO]-(a:Account) |
    {channel: a.channel, externalId: a.externalId}] AS channels,
  COUNT { (account)-[:CREATED]->() } AS shares,
  COUNT { (account)-[:CLICKED]->() } AS clicks,
  COUNT { (account)-[:PLACED]->() } AS orders,
  COUNT { (account)-[:REFERRED]->() } AS invited,
  coalesce(s.ownMinor, 0) AS ownSalesMinor
ORDER BY memberId <> $memberId, memberId
LIMIT 5001
