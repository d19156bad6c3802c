// Write of alerts that a scan did not find again, or did not look for, what was
// said of them last.
// mode: write
// params: $rows list<map> {alertId, versionId, lastVersionId, scanId,
//   number, at, state, change}
// returns: nothing
// timeout: 30 s
UNWIND $rows AS row
MATCH (last:AlertVersion {versionId: row.lastVersionId})
MATCH (a:Alert {alertId: row.alertId})
MERGE (v:AlertVersion {versionId: row.versionId})
SET
  v.alertId = row.alertId,
  v.scanId = row.scanId,
  v.number = row.number,
  v.kind = last.kind,
  v.state = row.state,
  v.score = last.score,
  v.change = row.change,
  v.at = datetime({epochMillis: row.at}),
  v.firstSeen = last.firstSeen,
  v.lastSeen = last.lastSeen,
  v.amountAtRiskMinor = last.amountAtRiskMinor,
  v.currency = last.currency,
  v.reasons = last.reasons,
  v.details = last.details,
  v.members = last.members,
  v.added = 0,
  v.removed = 0,
  v.linked = row.state = 'live'
MERGE (v)-[:VERSION_OF]->(a)
