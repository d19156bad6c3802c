// One node for each Lock.
CREATE CONSTRAINT uniqueLock IF NOT EXISTS
FOR (l:Lock) REQUIRE l.name IS UNIQUE
