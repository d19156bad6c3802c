// Take the keys of these facts; which were taken before, with what content?
// mode: write
// params: $rows list<map>, $batch string
// returns: key string, digest string
// timeout: 60 s
UNWIND $rows AS row
MERGE (f:Fact {key: row.key})
  ON CREATE SET
    f:Pending,
    f.batch = $batch,
    f.position = row.position,
    f.source = row.source,
    f.eventId = row.eventId,
    f.type = row.type,
    f.time = row.time,
    f.memberId = row.actorId,
    f.digest = row.digest,
    f.data = row.json,
    f.storedAt = datetime()
WITH f
WHERE f.batch <> $batch
RETURN f.key AS key, f.digest AS digest
