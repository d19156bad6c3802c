// A row of a result file is told of once.
CREATE CONSTRAINT uniquePayoutDifference IF NOT EXISTS
FOR (d:PayoutDifference) REQUIRE d.differenceId IS UNIQUE
