// Let go of what versions of a past scan were about; what they said is kept.
// mode: write
// params: $number integer, $limit integer
// returns: removed integer
// timeout: 30 s
MATCH (v:AlertVersion)
WHERE v.number < $number AND v.linked
WITH v
LIMIT $limit
SET v.linked = false
WITH v
OPTIONAL MATCH (v)-[r:ALERTS|ALERTS_ON]->()
DELETE r
RETURN count(DISTINCT v) AS removed
