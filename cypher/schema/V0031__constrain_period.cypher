// One node for each Period.
CREATE CONSTRAINT uniquePeriod IF NOT EXISTS
FOR (p:Period) REQUIRE p.periodId IS UNIQUE
