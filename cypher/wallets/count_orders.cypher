// Keep from when on what these orders earned is counted as released.
// mode: write
// params: $rows list<map>
// returns: nothing
// timeout: 60 s
UNWIND $rows AS row
MATCH (o:Order {orderId: row.orderId})
SET o.releasedFrom = row.releasedFrom
