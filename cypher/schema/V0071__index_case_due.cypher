// Find the cases that are due first.
CREATE INDEX caseDue IF NOT EXISTS
FOR (c:Case) ON (c.dueAt)
