// Remove what models said of members in other scans than these two.
// mode: write
// params: $number integer, $before integer, $limit integer
// returns: removed integer
// timeout: 30 s
MATCH (s:MemberScore)
WHERE s.number <> $number AND s.number <> $before
WITH s
LIMIT $limit
DETACH DELETE s
RETURN count(*) AS removed
