// When were these keys used last? Never earlier than was known.
// mode: write
// params: $rows list<map>
// returns: nothing
// timeout: 5 s
UNWIND $rows AS row
MATCH (k:ApiKey {keyId: row.keyId})
WHERE coalesce(k.lastUsedAt.epochMillis < row.usedMillis, true)
SET k.lastUsedAt = datetime({epochMillis: row.usedMillis})
