// Hold the set of alerts that is shown until the transaction ends; of which
// scan is it?
// mode: write
// params: $holder string
// returns: scanId string, number integer, before integer
// timeout: 10 s
MERGE (t:AlertSet {name: 'shown'})
SET t.heldBy = $holder
RETURN t.scanId AS scanId, coalesce(t.number, 0) AS number,
  coalesce(t.before, 0) AS before
