// Find reports of an amount that was paid in some minutes.
CREATE INDEX channelOrderPaid IF NOT EXISTS
FOR (c:ChannelOrder) ON (c.amountMinor, c.paidAt)
