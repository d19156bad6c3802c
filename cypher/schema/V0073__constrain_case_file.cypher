// One node for each CaseFile.
CREATE CONSTRAINT uniqueCaseFile IF NOT EXISTS
FOR (f:CaseFile) REQUIRE f.attachmentId IS UNIQUE
