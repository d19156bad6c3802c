// Write shares and who made them.
// mode: write
// params: $rows list<map>
// returns: nothing
// timeout: 30 s
UNWIND $rows AS row
MATCH (s:Share {shareId: row.shareId})
MATCH (m:Member {memberId: row.memberId})
SET
  s.createdAt = datetime(row.at),
  s.channel = row.channel,
  s.materialId = row.materialId,
  s.campaignId = row.campaignId,
  s.digest = row.digest
CREATE (m)-[:CREATED]->(s)
