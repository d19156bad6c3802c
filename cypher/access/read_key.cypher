// What is known of an API key?
// mode: read
// params: $keyId string
// returns: keyId string, hash string, prefix string, name string,
//   scopes list<string>, createdMillis integer (ms),
//   expiresMillis integer (ms), usedMillis integer (ms),
//   revokedMillis integer (ms), replacedBy string
// timeout: 5 s
MATCH (k:ApiKey {keyId: $keyId})
RETURN k.keyId AS keyId, k.hash AS hash, k.prefix AS prefix, k.name AS name,
  k.scopes AS scopes, k.createdAt.epochMillis AS createdMillis,
  k.expiresAt.epochMillis AS expiresMillis,
  k.lastUsedAt.epochMillis AS usedMillis,
  k.revokedAt.epochMillis AS revokedMillis, k.replacedBy AS replacedBy
LIMIT 1
