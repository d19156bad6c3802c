// One node for each Category.
CREATE CONSTRAINT uniqueCategory IF NOT EXISTS
FOR (c:Category) REQUIRE c.categoryId IS UNIQUE
