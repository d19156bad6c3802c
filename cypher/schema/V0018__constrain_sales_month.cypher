// One node for each SalesMonth.
CREATE CONSTRAINT uniqueSalesMonth IF NOT EXISTS
FOR (s:SalesMonth) REQUIRE s.salesMonthId IS UNIQUE
