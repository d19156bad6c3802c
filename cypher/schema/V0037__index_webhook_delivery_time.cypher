// Find a webhook's deliveries of a time.
CREATE INDEX webhookDeliveryTime IF NOT EXISTS
FOR (d:WebhookDelivery) ON (d.webhookId, d.createdAt)
