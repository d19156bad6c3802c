// Remember that a migration was applied.
// mode: write
// params: $version integer, $name string, $checksum string
// returns: nothing
// timeout: 5 s
MERGE (m:Migration {version: $version})
  ON CREATE SET
    m.name = $name,
    m.checksum = $checksum,
    m.appliedAt = datetime()
