// One node for each Refund.
CREATE CONSTRAINT uniqueRefund IF NOT EXISTS
FOR (r:Refund) REQUIRE r.refundId IS UNIQUE
