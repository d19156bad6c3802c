// How much waits to be sent to these webhooks, and since when?
// mode: read
// params: $webhookIds list<string>
// returns: pending integer, oldestMillis integer (ms)
// timeout: 30 s
UNWIND $webhookIds AS webhookId
MATCH (d:WebhookDelivery {webhookId: webhookId})
WHERE d.dueAt IS NOT NULL
RETURN count(d) AS pending, min(d.createdAt.epochMillis) AS oldestMillis
