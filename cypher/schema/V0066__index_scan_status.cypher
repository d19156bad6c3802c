// Find the scan that is to be done.
CREATE INDEX scanStatus IF NOT EXISTS
FOR (s:Scan) ON (s.status)
