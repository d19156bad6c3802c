// Write what a scan says of alerts, beside what is shown.
// mode: write
// params: $rows list<map> {alertId, versionId, scanId, number, kind, state,
//   score, change, at, firstSeen, lastSeen, amountAtRiskMinor, currency,
//   reasons, details, members, added, removed}
// returns: nothing
// timeout: 30 s
UNWIND $rows AS row
MERGE (a:Alert {alertId: row.alertId})
  ON CREATE SET
    a.kind = row.kind,
    a.raisedAt = datetime({epochMillis: row.at})
MERGE (v:AlertVersion {versionId: row.versionId})
SET
  v.alertId = row.alertId,
  v.scanId = row.scanId,
  v.number = row.number,
  v.kind = row.kind,
  v.state = row.state,
  v.score = row.score,
  v.change = row.change,
  v.at = datetime({epochMillis: row.at}),
  v.firstSeen = datetime({epochMillis: row.firstSeen}),
  v.lastSeen = datetime({epochMillis: row.lastSeen}),
  v.amountAtRiskMinor = row.amountAtRiskMinor,
  v.currency = row.currency,
  v.reasons = row.reasons,
  v.details = row.details,
  v.members = row.members,
  v.added = row.added,
  v.removed = row.removed,
  v.linked = true
MERGE (v)-[:VERSION_OF]->(a)
