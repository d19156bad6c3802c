// Which bindings have these members had, ended ones too?
// mode: read
// params: $memberIds list<string>
// returns: memberId string, inviterId string, since integer (us),
//   until integer (us), recordedAt integer (us), expiresAt integer (us),
//   mode string
// timeout: 30 s
UNWIND $memberIds AS memberId
MATCH (m:Member {memberId: memberId})
MATCH (m)<-[r:REFERRED|FORMERLY_REFERRED]-(inviter:Member)
RETURN m.memberId AS memberId, inviter.memberId AS inviterId,
  r.since.epochSeconds * 1000000 + r.since.microsecond AS since,
  r.until.epochSeconds * 1000000 + r.until.microsecond AS until,
  r.recordedAt.epochSeconds * 1000000 + r.recordedAt.microsecond AS recordedAt,
  r.expiresAt.epochSeconds * 1000000 + r.expiresAt.microsecond AS expiresAt,
  r.mode AS mode
ORDER BY memberId, recordedAt, since, inviterId
LIMIT 100001
