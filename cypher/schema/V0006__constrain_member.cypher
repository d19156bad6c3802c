// One node for each Member.
CREATE CONSTRAINT uniqueMember IF NOT EXISTS
FOR (m:Member) REQUIRE m.memberId IS UNIQUE
