// One node for each Order.
CREATE CONSTRAINT uniqueOrder IF NOT EXISTS
FOR (o:Order) REQUIRE o.orderId IS UNIQUE
