// Find what is to be sent to a webhook, the longest due first.
CREATE INDEX webhookDeliveryDue IF NOT EXISTS
FOR (d:WebhookDelivery) ON (d.webhookId, d.dueAt)
