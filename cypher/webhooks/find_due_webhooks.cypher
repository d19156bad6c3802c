// For which of these webhooks is anything due?
// mode: read
// params: $webhookIds list<string>, $nowMillis integer (ms since 1970)
// returns: webhookIds list<string>
// timeout: 10 s
UNWIND $webhookIds AS webhookId
WITH webhookId
WHERE EXISTS {
  MATCH (d:WebhookDelivery {webhookId: webhookId})
  WHERE d.dueAt <= datetime({epochMillis: $nowMillis})
}
RETURN collect(webhookId) AS webhookIds
