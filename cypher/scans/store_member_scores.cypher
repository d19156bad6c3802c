// Write what a scan's model says of members, beside what is shown.
// mode: write
// params: $rows list<map> {memberId, scoreId, place, model, joined, reasons},
//   $number integer, $version string, $atMillis integer (ms since 1970)
// returns: nothing
// timeout: 30 s
UNWIND $rows AS row
MATCH (m:Member {memberId: row.memberId})
MERGE (s:MemberScore {scoreId: row.scoreId})
SET
  s.number = $number,
  s.place = row.place,
  s.score = row.model,
  s.joined = row.joined,
  s.reasons = row.reasons,
  s.version = $version,
  s.at = datetime({epochMillis: $atMillis})
MERGE (s)-[:RATES]->(m)
