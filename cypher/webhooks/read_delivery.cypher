// What is known of a delivery?
// mode: read
// params: $deliveryId string
// returns: deliveryId string, webhookId string, messageId string,
//   type string, status string, attemptCount integer, millis integer (ms),
//   dueMillis integer (ms), endedMillis integer (ms),
//   attempts list<string>, body string
// timeout: 5 s
MATCH (d:WebhookDelivery {deliveryId: $deliveryId})
  -[:CARRIES]->(m:WebhookMessage)
WITH d, m, d.createdAt.epochMillis AS millis
RETURN d.deliveryId AS deliveryId, d.webhookId AS webhookId,
  m.messageId AS messageId, m.type AS type, d.status AS status,
  d.attemptCount AS attemptCount, millis, d.dueAt.epochMillis AS dueMillis,
  d.endedAt.epochMillis AS endedMillis,
  coalesce(d.attempts, []) AS attempts, m.body AS body
LIMIT 1
