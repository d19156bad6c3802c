// Which API keys are there, newest first, after this place in the list?
// mode: read
// params: $beforeMillis integer (ms since 1970), $afterId string,
//   $limit integer
// returns: keyId string, hash string, prefix string, name string,
//   scopes list<string>, createdMillis integer (ms),
//   expiresMillis integer (ms), usedMillis integer (ms),
//   revokedMillis integer (ms), replacedBy string
// timeout: 5 s
MATCH (k:ApiKey)
WITH k, k.createdAt.epochMillis AS createdMillis
WHERE createdMillis < $beforeMillis
  OR (createdMillis = $beforeMillis AND k.keyId > $afterId)
RETURN k.keyId AS keyId, k.hash AS hash, k.prefix AS prefix, k.name AS name,
  k.scopes AS scopes, createdMillis, k.expiresAt.epochMillis AS expiresMillis,
  k.lastUsedAt.epochMillis AS usedMillis,
  k.revokedAt.epochMillis AS revokedMillis, k.replacedBy AS replacedBy
ORDER BY createdMillis DESC, keyId
LIMIT $limit
