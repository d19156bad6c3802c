// Show the alerts of this scan in place of those before.
// mode: write
// params: $scanId string, $number integer
// returns: nothing
// timeout: 5 s
MATCH (t:AlertSet {name: 'shown'})
SET
  t.before = coalesce(t.number, 0),
  t.scanId = $scanId,
  t.number = $number
