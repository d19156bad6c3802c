// An Idempotency-Key of one caller and path is there once.
CREATE CONSTRAINT uniqueAnswered IF NOT EXISTS
FOR (a:Answered) REQUIRE a.requestId IS UNIQUE
