// To which API keys were these rotated?
// mode: read
// params: $keyIds list<string>
// returns: keyIds list<string>, successorIds list<string>
// timeout: 5 s
UNWIND $keyIds AS keyId
MATCH (k:ApiKey {keyId: keyId})
WHERE k.replacedBy IS NOT NULL
RETURN collect(k.keyId) AS keyIds, collect(k.replacedBy) AS successorIds
