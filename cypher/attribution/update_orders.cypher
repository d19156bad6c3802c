// Keep how orders ended; the ending of the latest time stands.
// mode: write
// params: $rows list<map>
// returns: nothing
// timeout: 30 s
UNWIND $rows AS row
MATCH (o:Order {orderId: row.orderId})
WHERE coalesce(o.endedAt <= datetime(row.at), true)
SET o.status = row.status, o.endedAt = datetime(row.at)
