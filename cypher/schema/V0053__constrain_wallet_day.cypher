// A wallet has one node of a day.
CREATE CONSTRAINT uniqueWalletDay IF NOT EXISTS
FOR (d:WalletDay) REQUIRE d.dayId IS UNIQUE
