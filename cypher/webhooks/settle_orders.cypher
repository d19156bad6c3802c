// Keep up to which fact what orders earned was told as released; once is all.
// mode: write
// params: $rows list<map>
// returns: nothing
// timeout: 30 s
UNWIND $rows AS row
MATCH (o:Order {orderId: row.orderId})
SET o.settledSeq = coalesce(o.settledSeq, row.seq)
