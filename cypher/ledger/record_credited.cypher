// Keep which members these orders were ever credited to, paid or not.
// mode: write
// params: $rows list<map>
// returns: nothing
// timeout: 30 s
UNWIND $rows AS row
MATCH (o:Order {orderId: row.orderId})
MATCH (m:Member {memberId: row.memberId})
MERGE (o)-[:CONCERNS]->(m)
