// Snapshots ask for the facts up to a sequence number.
CREATE INDEX factSeq IF NOT EXISTS
FOR (f:Fact) ON (f.seq)
