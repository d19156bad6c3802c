// Keep a new API key's hash.
// mode: write
// params: $keyId string, $hash string, $prefix string, $scopes list<string>
// returns: nothing
// timeout: 5 s
MERGE (k:ApiKey {keyId: $keyId})
SET
  k.hash = $hash,
  k.prefix = $prefix,
  k.scopes = $scopes,
  k.createdAt = datetime()
