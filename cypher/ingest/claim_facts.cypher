// Take the keys of these facts; which were taken before, with what content?
// mode: write
// params: $rows list<map>, $batch string
// returns: key string, digest string
// timeout: 60 s
UNWIND $rows AS row
MERGE (f:Fact {key: row.key})
  ON CREATE SET
    f:Pending,
    f += row.fact,
    f.time = datetime(row.at),
    f.batch = $batch,
    f.storedAt = datetime()
WITH f
WHERE f.batch <> $batch
RETURN f.key AS key, f.digest AS digest
