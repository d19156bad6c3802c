// One node for each Identifier.
CREATE CONSTRAINT uniqueIdentifier IF NOT EXISTS
FOR (i:Identifier) REQUIRE i.token IS UNIQUE
