// One node for each Sequence.
CREATE CONSTRAINT uniqueSequence IF NOT EXISTS
FOR (s:Sequence) REQUIRE s.name IS UNIQUE
