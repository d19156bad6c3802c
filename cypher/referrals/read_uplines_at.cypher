// Who stood above these members at these times, nearest first? And which
// persons are the members and those?
// mode: read
// params: $rows list<map>
// returns: i integer, uplineIds list<string>, personIds list<string>
// timeout: 30 s
UNWIND $rows AS row
MATCH (m:Member {memberId: row.memberId})
CALL (m, row) {
  MATCH p = (m)<-[bindings:REFERRED|FORMERLY_REFERRED*0..512]-(:Member)
  WHERE all(r IN bindings WHERE r.since <= row.at
    AND coalesce(r.until, r.expiresAt, row.at + duration('PT1S')) > row.at)
  RETURN [u IN tail(nodes(p)) | u.memberId] AS uplineIds,
    [u IN nodes(p) | coalesce(u.personId, u.memberId)] AS personIds
  ORDER BY length(p) DESC
  LIMIT 1
}
RETURN row.i AS i, uplineIds, personIds
ORDER BY i
LIMIT 100001
