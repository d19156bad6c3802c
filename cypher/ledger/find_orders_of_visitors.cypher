// Which orders came through shares that these visitors clicked?
// mode: read
// params: $visitorIds list<string>
// returns: orderIds list<string>
// timeout: 60 s
UNWIND $visitorIds AS visitorId
MATCH (:Visitor {visitorId: visitorId})-[:CLICKED]->(:Share)
  <-[:PASSED]-(o:Order)
RETURN collect(DISTINCT o.orderId) AS orderIds
