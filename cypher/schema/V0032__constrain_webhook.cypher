// One node for each Webhook.
CREATE CONSTRAINT uniqueWebhook IF NOT EXISTS
FOR (w:Webhook) REQUIRE w.webhookId IS UNIQUE
