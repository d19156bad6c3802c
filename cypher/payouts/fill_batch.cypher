// Put payouts in a batch, each with its row.
// mode: write
// params: $rows list<map>
// returns: nothing
// timeout: 30 s
UNWIND $rows AS row
MATCH (p:Payout {payoutId: row.payoutId})
MATCH (b:PayoutBatch {batchId: row.batchId})
SET p.batchId = row.batchId, p.sequence = row.sequence
MERGE (p)-[:IN_BATCH]->(b)
