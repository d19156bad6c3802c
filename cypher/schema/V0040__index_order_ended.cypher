// Find orders of a time by the moment they ended.
CREATE INDEX orderEnded IF NOT EXISTS
FOR (o:Order) ON (o.endedAt)
