// One node for each API key.
CREATE CONSTRAINT uniqueApiKey IF NOT EXISTS
FOR (k:ApiKey) REQUIRE k.keyId IS UNIQUE
