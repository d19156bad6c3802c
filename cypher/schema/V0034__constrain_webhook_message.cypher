// One node for each WebhookMessage.
CREATE CONSTRAINT uniqueWebhookMessage IF NOT EXISTS
FOR (m:WebhookMessage) REQUIRE m.messageId IS UNIQUE
