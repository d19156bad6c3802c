// Remove so many deliveries to a webhook.
// mode: write
// params: $webhookId string, $limit integer
// returns: removed integer
// timeout: 30 s
MATCH (d:WebhookDelivery {webhookId: $webhookId})
WITH d
LIMIT $limit
DETACH DELETE d
RETURN count(*) AS removed
