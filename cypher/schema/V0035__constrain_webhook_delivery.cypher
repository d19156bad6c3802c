// One node for each WebhookDelivery.
CREATE CONSTRAINT uniqueWebhookDelivery IF NOT EXISTS
FOR (d:WebhookDelivery) REQUIRE d.deliveryId IS UNIQUE
