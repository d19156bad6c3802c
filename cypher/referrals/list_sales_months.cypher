// Which sales are kept, after this key?
// mode: read
// params: $after string, $limit integer
// returns: ids list<string>, owns list<integer>, directs list<integer>,
//   teams list<integer>, bonuses list<integer>, selves list<integer>
// timeout: 60 s
MATCH (s:SalesMonth)
WHERE s.salesMonthId > $after
WITH s
ORDER BY s.salesMonthId
LIMIT $limit
RETURN collect(s.salesMonthId) AS ids, collect(s.ownMinor) AS owns,
  collect(s.directMinor) AS directs, collect(s.teamMinor) AS teams,
  collect(s.bonusMinor) AS bonuses,
  collect(coalesce(s.selfMinor, 0)) AS selves
