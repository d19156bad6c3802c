// Find reports of which it is not clear which order they are.
CREATE INDEX channelOrderOpen IF NOT EXISTS
FOR (c:ChannelOrder) ON (c.openAt)
