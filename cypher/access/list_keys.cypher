// Which API keys are good?
// mode: read
// params: none
// returns: keyId string, hash string, scopes list<string>
// timeout: 5 s
MATCH (k:ApiKey)
RETURN k.keyId AS keyId, k.hash AS hash, k.scopes AS scopes
ORDER BY keyId
LIMIT 10001
