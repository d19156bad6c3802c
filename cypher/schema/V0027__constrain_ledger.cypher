// One node for each Ledger.
CREATE CONSTRAINT uniqueLedger IF NOT EXISTS
FOR (l:Ledger) REQUIRE l.name IS UNIQUE
