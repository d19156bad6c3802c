// Which orders, paid at this time or later, came through these shares?
// mode: read
// params: $rows list<map>
// returns: orderIds list<string>
// timeout: 60 s
UNWIND $rows AS row
MATCH (:Share {shareId: row.shareId})<-[:PASSED]-(o:Order)
WHERE o.paidAt >= row.at
RETURN collect(DISTINCT o.orderId) AS orderIds
