// Close a period, unless it is closed; how many were closed by this?
// mode: write
// params: $periodId string, $closedAt string (RFC 3339)
// returns: closed integer
// timeout: 10 s
MATCH (p:Period {periodId: $periodId})
WHERE p.closedAt IS NULL
SET p.closedAt = datetime($closedAt)
RETURN count(p) AS closed
