// One node for each LedgerPayee.
CREATE CONSTRAINT uniqueLedgerPayee IF NOT EXISTS
FOR (p:LedgerPayee) REQUIRE p.payeeId IS UNIQUE
