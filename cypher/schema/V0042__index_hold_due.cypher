// Find the holds that end by themselves, the longest due first.
CREATE INDEX holdDue IF NOT EXISTS
FOR (h:Hold) ON (h.dueAt)
