// Find the entries that follow from a stretch of the log.
CREATE INDEX ledgerEntrySeq IF NOT EXISTS
FOR (e:LedgerEntry) ON (e.seq)
