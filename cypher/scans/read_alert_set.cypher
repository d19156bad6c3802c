// The alerts of which scan are shown, and which were before?
// mode: read
// params: none
// returns: scanId string, number integer, before integer
// timeout: 5 s
OPTIONAL MATCH (t:AlertSet {name: 'shown'})
RETURN t.scanId AS scanId, coalesce(t.number, 0) AS number,
  coalesce(t.before, 0) AS before
LIMIT 1
