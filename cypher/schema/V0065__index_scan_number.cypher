// Find scans by their number, newest first.
CREATE INDEX scanNumber IF NOT EXISTS
FOR (s:Scan) ON (s.number)
