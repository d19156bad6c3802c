// Revoke a key; one that is revoked stays revoked since then.
// mode: write
// params: $keyId string, $nowMillis integer (ms since 1970)
// returns: nothing
// timeout: 5 s
MATCH (k:ApiKey {keyId: $keyId})
SET
  k.revokedAt = coalesce(
    k.revokedAt,
    datetime({epochMillis: $nowMillis})
  )
