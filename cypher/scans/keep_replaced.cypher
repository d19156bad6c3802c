// Keep what was said of alerts before it is written over within one scan's set.
// mode: write
// params: $rows list<map> {versionId, keptId}
// returns: nothing
// timeout: 30 s
UNWIND $rows AS row
MATCH (last:AlertVersion {versionId: row.versionId})
MATCH (last)-[:VERSION_OF]->(a:Alert)
MERGE (v:AlertVersion {versionId: row.keptId})
SET
  v.alertId = last.alertId,
  v.scanId = last.scanId,
  v.number = last.number,
  v.kind = last.kind,
  v.state = 'replaced',
  v.score = last.score,
  v.change = last.change,
  v.at = last.at,
  v.firstSeen = last.firstSeen,
  v.lastSeen = last.lastSeen,
  v.amountAtRiskMinor = last.amountAtRiskMinor,
  v.currency = last.currency,
  v.reasons = last.reasons,
  v.details = last.details,
  v.members = last.members,
  v.added = last.added,
  v.removed = last.removed,
  v.linked = false
MERGE (v)-[:VERSION_OF]->(a)
