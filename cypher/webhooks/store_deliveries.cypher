// Keep to which webhooks messages are to be sent; what is there stays as it is.
// mode: write
// params: $rows list<map>
// returns: nothing
// timeout: 30 s
UNWIND $rows AS row
MATCH (m:WebhookMessage {messageId: row.messageId})
MERGE (d:WebhookDelivery {deliveryId: row.deliveryId})
  ON CREATE SET
    d.webhookId = row.webhookId,
    d.status = row.status,
    d.tries = 0,
    d.attemptCount = 0,
    d.createdAt = datetime({epochMillis: row.createdMillis}),
    d.dueAt = CASE row.status
      WHEN 'pending' THEN datetime({epochMillis: row.createdMillis})
    END
MERGE (d)-[:CARRIES]->(m)
