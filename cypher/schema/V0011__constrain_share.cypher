// One node for each Share.
CREATE CONSTRAINT uniqueShare IF NOT EXISTS
FOR (s:Share) REQUIRE s.shareId IS UNIQUE
