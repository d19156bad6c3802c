// Bindings that end by themselves are found by their end.
CREATE INDEX referredExpiry IF NOT EXISTS
FOR ()-[r:REFERRED]-() ON (r.expiresAt)
