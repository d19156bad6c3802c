// What the model of a scan says of a member is there once.
CREATE CONSTRAINT uniqueMemberScore IF NOT EXISTS
FOR (s:MemberScore) REQUIRE s.scoreId IS UNIQUE
