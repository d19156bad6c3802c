// One node for each Person.
CREATE CONSTRAINT uniquePerson IF NOT EXISTS
FOR (p:Person) REQUIRE p.personId IS UNIQUE
