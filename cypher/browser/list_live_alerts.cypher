// Which groups look false now, greatest score first?
// zh: 现在哪些群体看起来可疑？（分数最高的在前）
// topic: risk
// mode: read
// params: none
// returns: alertId string, kind string, score float, members integer,
//   amountAtRiskMinor integer (minor units), currency string
// timeout: 10 s
MATCH (a:AlertSet {name: 'shown'})
MATCH (v:AlertVersion)
WHERE v.number = a.number AND v.state = 'live' AND v.score >= 0
RETURN v.alertId AS alertId, v.kind AS kind, v.score AS score,
  v.members AS members, v.amountAtRiskMinor AS amountAtRiskMinor,
  v.currency AS currency
ORDER BY score DESC, alertId
LIMIT 50
