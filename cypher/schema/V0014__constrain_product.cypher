// One node for each Product.
CREATE CONSTRAINT uniqueProduct IF NOT EXISTS
FOR (p:Product) REQUIRE p.productId IS UNIQUE
