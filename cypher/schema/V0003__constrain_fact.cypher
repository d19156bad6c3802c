// One node for each Fact.
CREATE CONSTRAINT uniqueFact IF NOT EXISTS
FOR (f:Fact) REQUIRE f.key IS UNIQUE
