// Keep which entries a message told as released.
// mode: write
// params: $rows list<map>
// returns: nothing
// timeout: 30 s
UNWIND $rows AS row
MATCH (m:WebhookMessage {messageId: row.messageId})
MATCH (e:LedgerEntry {entryId: row.entryId})
MERGE (m)-[:RELEASES]->(e)
