// Find a payee's entries in their order.
CREATE INDEX ledgerEntryChain IF NOT EXISTS
FOR (e:LedgerEntry) ON (e.payeeId, e.number)
