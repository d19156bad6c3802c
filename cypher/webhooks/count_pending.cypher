// How much waits to be sent to these webhooks, and since when? Of each so many
// are looked at, those that are due first.
// mode: read
// params: $webhookIds list<string>, $limit integer
// returns: pending integer, oldestMillis integer (ms)
// timeout: 30 s
UNWIND $webhookIds AS webhookId
CALL (webhookId) {
  MATCH (d:WebhookDelivery {webhookId: webhookId})
  WHERE d.dueAt IS NOT NULL
  WITH d
  ORDER BY d.dueAt
  LIMIT $limit
  RETURN d
}
RETURN count(d) AS pending, min(d.createdAt.epochMillis) AS oldestMillis
