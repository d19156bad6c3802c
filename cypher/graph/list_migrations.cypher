// Which migrations has this database seen?
// mode: read
// params: none
// returns: version integer, checksum string
// timeout: 5 s
MATCH (m:Migration)
RETURN m.version AS version, m.checksum AS checksum
ORDER BY version
LIMIT 10001
