// One node for each SaleNumber.
CREATE CONSTRAINT uniqueSaleNumber IF NOT EXISTS
FOR (n:SaleNumber) REQUIRE n.saleNumber IS UNIQUE
