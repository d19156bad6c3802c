// An alert keeps its id from scan to scan.
CREATE CONSTRAINT uniqueAlert IF NOT EXISTS
FOR (a:Alert) REQUIRE a.alertId IS UNIQUE
