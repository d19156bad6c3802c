// Which API keys have one of these ids, were rotated to one of them, or work
// under this name?
// mode: read
// params: $keyIds list<string>, $name string (null: none),
//   $nowMillis integer (ms since 1970), $limit integer
// returns: keyId string, name string, replacedBy string
// timeout: 5 s
MATCH (k:ApiKey)
WHERE k.keyId IN $keyIds
  OR k.replacedBy IN $keyIds
  OR (k.name = $name AND k.revokedAt IS NULL
    AND coalesce(k.expiresAt.epochMillis > $nowMillis, true))
RETURN k.keyId AS keyId, k.name AS name, k.replacedBy AS replacedBy
ORDER BY keyId
LIMIT $limit
