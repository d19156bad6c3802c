// One node for each ChannelOrder.
CREATE CONSTRAINT uniqueChannelOrder IF NOT EXISTS
FOR (c:ChannelOrder) REQUIRE c.channelOrderId IS UNIQUE
