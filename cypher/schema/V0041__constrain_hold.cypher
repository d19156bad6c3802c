// One node for each Hold.
CREATE CONSTRAINT uniqueHold IF NOT EXISTS
FOR (h:Hold) REQUIRE h.holdId IS UNIQUE
