// Keep messages; one that is there stays as it is.
// mode: write
// params: $rows list<map>
// returns: nothing
// timeout: 30 s
UNWIND $rows AS row
MERGE (m:WebhookMessage {messageId: row.messageId})
  ON CREATE SET
    m.type = row.type,
    m.body = row.body,
    m.createdAt = datetime({epochMillis: row.createdMillis})
