// Let what was said of alerts no longer name tokens of an erased member.
// mode: write
// params: $rows list<map> {versionId, details}
// returns: nothing
// timeout: 60 s
UNWIND $rows AS row
MATCH (v:AlertVersion {versionId: row.versionId})
SET v.details = row.details
