// Which API keys are good, or were until lately?
// mode: read
// params: $endedMillis integer (ms since 1970: what ended before is left out)
// returns: keyId string, hash string, prefix string, name string,
//   scopes list<string>, createdMillis integer (ms),
//   expiresMillis integer (ms), usedMillis integer (ms),
//   revokedMillis integer (ms), replacedBy string
// timeout: 5 s
MATCH (k:ApiKey)
WITH k, k.expiresAt.epochMillis AS expiresMillis,
  k.revokedAt.epochMillis AS revokedMillis
WHERE coalesce(expiresMillis, $endedMillis) >= $endedMillis
  AND coalesce(revokedMillis, $endedMillis) >= $endedMillis
RETURN k.keyId AS keyId, k.hash AS hash, k.prefix AS prefix, k.name AS name,
  k.scopes AS scopes, k.createdAt.epochMillis AS createdMillis, expiresMillis,
  k.lastUsedAt.epochMillis AS usedMillis, revokedMillis,
  k.replacedBy AS replacedBy
ORDER BY keyId
LIMIT 50001
