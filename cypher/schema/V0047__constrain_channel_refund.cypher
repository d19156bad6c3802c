// One node for each ChannelRefund.
CREATE CONSTRAINT uniqueChannelRefund IF NOT EXISTS
FOR (r:ChannelRefund) REQUIRE r.channelRefundId IS UNIQUE
