// Find messages that are old enough to be removed.
CREATE INDEX webhookMessageTime IF NOT EXISTS
FOR (m:WebhookMessage) ON (m.createdAt)
