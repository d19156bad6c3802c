// Which periods are closed?
// mode: read
// params: none
// returns: periodId string, period string, currency string
// timeout: 10 s
MATCH (p:Period)
WHERE p.closedAt IS NOT NULL
RETURN p.periodId AS periodId, p.period AS period, p.currency AS currency
ORDER BY periodId
LIMIT 10001
