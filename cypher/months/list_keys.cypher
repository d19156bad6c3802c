// Which members' sales of a period are there, after this key?
// mode: read
// params: $prefix string, $after string, $limit integer
// returns: salesMonthIds list<string>
// timeout: 30 s
MATCH (s:SalesMonth)
WHERE s.salesMonthId STARTS WITH $prefix AND s.salesMonthId > $after
WITH s
ORDER BY s.salesMonthId
LIMIT $limit
RETURN collect(s.salesMonthId) AS salesMonthIds
