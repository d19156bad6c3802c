// Find cases in the order in which they were opened.
CREATE INDEX caseOpened IF NOT EXISTS
FOR (c:Case) ON (c.openedAt)
