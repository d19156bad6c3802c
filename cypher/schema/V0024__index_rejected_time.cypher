// Quarantined events are listed newest first.
CREATE INDEX rejectedTime IF NOT EXISTS
FOR (r:Rejected) ON (r.rejectedAt)
