// What are these members seen with that others are too, but not too many?
// mode: read
// params: $memberIds list<string>, $ownOrders integer
// returns: memberIds list<string>, tokens list<string>, kinds list<string>,
//   reaches list<integer>, firsts list<integer> (us), lasts list<integer> (us),
//   owned list<boolean>
// timeout: 60 s
UNWIND $memberIds AS memberId
MATCH (m:Member {memberId: memberId})-[u:USES]->(i:Identifier)
WHERE i.reach > 1
RETURN collect(memberId) AS memberIds, collect(i.token) AS tokens,
  collect(CASE
    WHEN i:Union THEN 'union'
    WHEN i:Phone THEN 'phone'
    WHEN i:Payment THEN 'payment'
    WHEN i:Device THEN 'device'
    ELSE 'address'
  END) AS kinds,
  collect(i.reach) AS reaches,
  collect(u.firstSeen.epochSeconds * 1000000 + u.firstSeen.microsecond)
    AS firsts,
  collect(u.lastSeen.epochSeconds * 1000000 + u.lastSeen.microsecond) AS lasts,
  collect(u.times > 0 OR u.inOrders >= $ownOrders) AS owned
