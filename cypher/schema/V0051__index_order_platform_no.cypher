// Find orders by their number on the platform.
CREATE INDEX orderPlatformNo IF NOT EXISTS
FOR (o:Order) ON (o.platformOrderNo)
