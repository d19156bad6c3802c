// One node for each Visitor.
CREATE CONSTRAINT uniqueVisitor IF NOT EXISTS
FOR (v:Visitor) REQUIRE v.visitorId IS UNIQUE
