// One node for each Account.
CREATE CONSTRAINT uniqueAccount IF NOT EXISTS
FOR (a:Account) REQUIRE a.accountId IS UNIQUE
