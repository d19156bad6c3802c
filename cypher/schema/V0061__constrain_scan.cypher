// A scan has one id.
CREATE CONSTRAINT uniqueScan IF NOT EXISTS
FOR (s:Scan) REQUIRE s.scanId IS UNIQUE
