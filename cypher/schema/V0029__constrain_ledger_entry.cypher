// One node for each LedgerEntry.
CREATE CONSTRAINT uniqueLedgerEntry IF NOT EXISTS
FOR (e:LedgerEntry) REQUIRE e.entryId IS UNIQUE
