// The peer of batch attribution: from the buyer's last click before payment up
// the reshares, and nothing else. It is no query of the service, so it stays
// out of cypher/.
UNWIND $orderIds AS orderId
MATCH (buyer:Member)-[:PLACED]->(o:Order {orderId: orderId})
CALL (buyer, o) {
  MATCH (buyer)-[c:CLICKED]->(s:Share)
  WHERE c.at <= o.paidAt
  RETURN s AS closer
  ORDER BY c.at DESC
  LIMIT 1
}
MATCH chain = (closer)-[:RESHARE_OF*0..512]->(origin:Share)
WHERE NOT EXISTS { (origin)-[:RESHARE_OF]->(:Share) }
RETURN orderId, [s IN nodes(chain) | s.shareId] AS shareIds
