// A member has one wallet in a currency.
CREATE CONSTRAINT uniqueWallet IF NOT EXISTS
FOR (w:Wallet) REQUIRE w.walletId IS UNIQUE
