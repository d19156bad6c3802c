// Remove versions of past scans in which nothing changed, some at a time.
// mode: write
// params: $number integer, $limit integer
// returns: removed integer
// timeout: 30 s
MATCH (v:AlertVersion)
WHERE v.number < $number AND v.change = 'none'
WITH v
LIMIT $limit
DETACH DELETE v
RETURN count(*) AS removed
