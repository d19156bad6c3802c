// One node for each Lease.
CREATE CONSTRAINT uniqueLease IF NOT EXISTS
FOR (l:Lease) REQUIRE l.name IS UNIQUE
