// One node for each WebhookPlace.
CREATE CONSTRAINT uniqueWebhookPlace IF NOT EXISTS
FOR (p:WebhookPlace) REQUIRE p.name IS UNIQUE
