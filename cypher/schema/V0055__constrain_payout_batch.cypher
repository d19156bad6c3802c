// A batch has one number.
CREATE CONSTRAINT uniquePayoutBatch IF NOT EXISTS
FOR (b:PayoutBatch) REQUIRE b.batchId IS UNIQUE
