// One node for each Case.
CREATE CONSTRAINT uniqueCase IF NOT EXISTS
FOR (c:Case) REQUIRE c.caseId IS UNIQUE
