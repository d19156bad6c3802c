// Keep rejected events with their reasons; one that is kept stays as it is.
// mode: write
// params: $rows list<map>
// returns: nothing
// timeout: 30 s
UNWIND $rows AS row
MERGE (r:Rejected {rejectedId: row.rejectedId})
  ON CREATE SET
    r.source = row.source,
    r.eventId = row.eventId,
    r.type = row.type,
    r.code = row.code,
    r.detail = row.detail,
    r.status = row.status,
    r.content = row.content,
    r.rejectedAt = datetime()
