// Find holds in the order in which they were placed.
CREATE INDEX holdPlaced IF NOT EXISTS
FOR (h:Hold) ON (h.placedAt)
