// End a key that another one replaces.
// mode: write
// params: $keyId string, $replacedBy string,
//   $expiresMillis integer (ms since 1970)
// returns: nothing
// timeout: 5 s
MATCH (k:ApiKey {keyId: $keyId})
SET
  k.replacedBy = $replacedBy,
  k.expiresAt = datetime({epochMillis: $expiresMillis})
