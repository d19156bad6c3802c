// Of those who bought first in a month, how many bought again in each later
// one?
// zh: 某月首次购买的人，之后每个月有多少人再次购买？
// topic: churn
// mode: read
// params: none
// returns: cohort string, monthsLater integer, buyers integer, rate float
// timeout: 60 s
MATCH (m:Member)-[:PLACED]->(o:Order)
WHERE o.paidAt IS NOT NULL
WITH m, date.truncate('month', datetime({
    datetime: o.paidAt, timezone: 'Asia/Shanghai'
  })) AS month
WITH m, collect(DISTINCT month) AS months, min(month) AS cohort
WITH cohort, collect(months) AS each, count(m) AS size
UNWIND each AS months
UNWIND months AS month
WITH cohort, size, duration.inMonths(cohort, month).months AS monthsLater,
  count(*) AS buyers
RETURN left(toString(cohort), 7) AS cohort, monthsLater, buyers,
  round(1.0 * buyers / size, 3) AS rate
ORDER BY cohort, monthsLater
LIMIT 500
