// A payout is asked for once.
CREATE CONSTRAINT uniquePayout IF NOT EXISTS
FOR (p:Payout) REQUIRE p.payoutId IS UNIQUE
