// One node for each Rejected.
CREATE CONSTRAINT uniqueRejected IF NOT EXISTS
FOR (r:Rejected) REQUIRE r.rejectedId IS UNIQUE
