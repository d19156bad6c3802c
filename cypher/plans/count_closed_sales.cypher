// How many members' sales are there in closed periods that end after the
// beginning of these? No more than so many are counted.
// mode: read
// params: $firstMonth string, $firstWeek string, $limit integer
// returns: sales integer
// timeout: 20 s
MATCH (p:Period)
WHERE p.closedAt IS NOT NULL
  AND p.period >= CASE
    WHEN p.period CONTAINS 'W' THEN $firstWeek
    ELSE $firstMonth
  END
MATCH (s:SalesMonth)
WHERE s.salesMonthId STARTS WITH p.periodId + ' '
WITH s
LIMIT $limit
RETURN count(s) AS sales
