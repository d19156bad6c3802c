// One node for each Shop.
CREATE CONSTRAINT uniqueShop IF NOT EXISTS
FOR (s:Shop) REQUIRE s.shopId IS UNIQUE
