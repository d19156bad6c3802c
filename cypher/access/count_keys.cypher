// How many API keys are there, work, and are admin keys beside this one?
// mode: read
// params: $keyId string, $nowMillis integer (ms since 1970)
// returns: stored integer, working integer, otherAdmins integer
// timeout: 5 s
MATCH (k:ApiKey)
WITH k, k.revokedAt IS NULL
  AND coalesce(k.expiresAt.epochMillis > $nowMillis, true) AS works
RETURN count(k) AS stored, count(CASE WHEN works THEN 1 END) AS working,
  count(CASE
    WHEN works AND k.keyId <> $keyId AND k.replacedBy IS NULL
      AND 'admin' IN k.scopes THEN 1
  END) AS otherAdmins
