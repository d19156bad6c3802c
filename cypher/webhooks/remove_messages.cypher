// Remove so many messages that are older than this, with their deliveries.
// mode: write
// params: $beforeMillis integer (ms since 1970), $limit integer
// returns: removed integer
// timeout: 30 s
MATCH (m:WebhookMessage)
WHERE m.createdAt < datetime({epochMillis: $beforeMillis})
WITH m
LIMIT $limit
OPTIONAL MATCH (m)<-[:CARRIES]-(d:WebhookDelivery)
DETACH DELETE d, m
RETURN count(*) AS removed
