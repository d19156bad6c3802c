// Forget a webhook; its deliveries are removed before.
// mode: write
// params: $webhookId string
// returns: nothing
// timeout: 5 s
MATCH (w:Webhook {webhookId: $webhookId})
DELETE w
