// Remove what scans wrote that never came to be shown, some at a time.
// mode: write
// params: $number integer, $limit integer
// returns: removed integer
// timeout: 30 s
MATCH (v:AlertVersion)
WHERE v.number > $number
WITH v
LIMIT $limit
DETACH DELETE v
RETURN count(*) AS removed
