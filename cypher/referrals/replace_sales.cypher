// Write anew for whom these orders count.
// mode: write
// params: $rows list<map>
// returns: nothing
// timeout: 30 s
UNWIND $rows AS row
MATCH (o:Order {orderId: row.orderId})
CALL (o) {
  MATCH (o)-[c:CREDITED_TO]->(:Member)
  DELETE c
}
WITH o, row
UNWIND row.sales AS sale
MATCH (m:Member {memberId: sale.memberId})
CREATE (o)-[c:CREDITED_TO {weight: sale.weight}]->(m)
SET
  c.amountMinor = sale.amountMinor,
  c.netMinor = sale.netMinor,
  c.excluded = sale.excluded,
  c.currency = sale.currency,
  c.month = sale.month,
  c.uplineIds = sale.uplineIds,
  c.bonusIds = sale.bonusIds,
  c.ownIds = sale.ownIds,
  c.bonusPeriod = sale.bonusPeriod,
  c.bonusDepth = sale.bonusDepth,
  c.model = sale.model
