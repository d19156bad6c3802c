// Of which of these members' orders does which other one earn, and what do both
// share?
// mode: read
// params: $memberIds list<string>
// returns: earnerId string, buyerId string, samePerson boolean,
//   sharedTokens integer, orders integer, amountMinor integer,
//   firstMillis integer (ms), lastMillis integer (ms)
// timeout: 10 s
MATCH (b:Member)
WHERE b.memberId IN $memberIds
MATCH (b)-[:PLACED]->(o:Order)-[c:CREDITED_TO]->(e:Member)
WHERE e.memberId IN $memberIds
WITH e, b, count(o) AS orders, sum(c.netMinor) AS amountMinor,
  min(o.paidAt).epochMillis AS firstMillis,
  max(o.paidAt).epochMillis AS lastMillis
RETURN e.memberId AS earnerId, b.memberId AS buyerId,
  coalesce(e.personId = b.personId, false) AS samePerson,
  COUNT {
    MATCH (e)-[:USES]->(:Identifier)<-[:USES]-(b)
  } AS sharedTokens, orders, amountMinor, firstMillis, lastMillis
ORDER BY orders DESC, earnerId, buyerId
LIMIT 500
