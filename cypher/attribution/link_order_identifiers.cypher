// Write where an order was sent, what paid it and from where it was placed.
// mode: write
// params: $rows list<map>
// returns: nothing
// timeout: 30 s
UNWIND $rows AS row
MATCH (o:Order {orderId: row.orderId})
MERGE (i:Identifier {token: row.token})
FOREACH (x IN CASE row.kind WHEN 'address' THEN [1] ELSE [] END |
  SET i:Address
  MERGE (o)-[:SHIPPED_TO]->(i)
)
FOREACH (x IN CASE row.kind WHEN 'payment' THEN [1] ELSE [] END |
  SET i:Payment
  MERGE (o)-[:PAID_WITH]->(i)
)
FOREACH (x IN CASE row.kind WHEN 'device' THEN [1] ELSE [] END |
  SET i:Device
  MERGE (o)-[:PLACED_FROM]->(i)
)
FOREACH (x IN CASE row.kind WHEN 'ip' THEN [1] ELSE [] END |
  SET i:Ip
  MERGE (o)-[:PLACED_FROM]->(i)
)
FOREACH (x IN CASE row.kind WHEN 'phone' THEN [1] ELSE [] END |
  SET i:Phone
  MERGE (o)-[:PLACED_FROM]->(i)
)
