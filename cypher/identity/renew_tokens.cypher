// Let identifiers from before a rotation of the pepper have tokens of today.
// mode: write
// params: $rows list<map>
// returns: nothing
// timeout: 30 s
UNWIND $rows AS row
MATCH (old:Identifier {token: row.former})
SET
  old.token = row.token,
  old.formerTokens = coalesce(old.formerTokens, []) + [row.former]
