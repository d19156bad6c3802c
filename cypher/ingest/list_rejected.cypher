// Which events are in quarantine, newest first, after this place in the list?
// mode: read
// params: $beforeMillis integer (ms since 1970), $afterId string,
//   $limit integer
// returns: rejectedId string, source string, eventId string, type string,
//   code string, detail string, status integer, content string,
//   millis integer (ms)
// timeout: 5 s
MATCH (r:Rejected)
WHERE r.rejectedAt <= datetime({epochMillis: $beforeMillis})
WITH r, r.rejectedAt.epochMillis AS millis
WHERE millis < $beforeMillis OR r.rejectedId > $afterId
RETURN r.rejectedId AS rejectedId, r.source AS source, r.eventId AS eventId,
  r.type AS type, r.code AS code, r.detail AS detail, r.status AS status,
  r.content AS content, millis
ORDER BY millis DESC, rejectedId
LIMIT $limit
