// Keep a new API key's hash.
// mode: write
// params: $keyId string, $hash string, $prefix string, $name string,
//   $scopes list<string>, $createdMillis integer (ms since 1970),
//   $expiresMillis integer (ms since 1970; null: never)
// returns: nothing
// timeout: 5 s
MERGE (k:ApiKey {keyId: $keyId})
  ON CREATE SET
    k.hash = $hash,
    k.prefix = $prefix,
    k.name = $name,
    k.scopes = $scopes,
    k.createdAt = datetime({epochMillis: $createdMillis}),
    k.expiresAt = CASE
      WHEN $expiresMillis IS NULL THEN null
      ELSE datetime({epochMillis: $expiresMillis})
    END
