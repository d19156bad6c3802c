// Which deliveries to a webhook are there, newest first, after this place in
// the list?
// mode: read
// params: $webhookId string, $statuses list<string>,
//   $beforeMillis integer (ms since 1970), $afterId string, $limit integer
// returns: deliveryId string, webhookId string, messageId string,
//   type string, status string, attemptCount integer, millis integer (ms),
//   dueMillis integer (ms), endedMillis integer (ms)
// timeout: 10 s
MATCH (d:WebhookDelivery {webhookId: $webhookId})
WHERE d.createdAt <= datetime({epochMillis: $beforeMillis})
  AND d.status IN $statuses
WITH d, d.createdAt.epochMillis AS millis
WHERE millis < $beforeMillis OR d.deliveryId > $afterId
WITH d, millis
ORDER BY millis DESC, d.deliveryId
LIMIT $limit
MATCH (d)-[:CARRIES]->(m:WebhookMessage)
RETURN d.deliveryId AS deliveryId, d.webhookId AS webhookId,
  m.messageId AS messageId, m.type AS type, d.status AS status,
  d.attemptCount AS attemptCount, millis, d.dueAt.epochMillis AS dueMillis,
  d.endedAt.epochMillis AS endedMillis
ORDER BY millis DESC, deliveryId
LIMIT $limit
