// Find the case about an alert.
CREATE INDEX caseAlert IF NOT EXISTS
FOR (c:Case) ON (c.alertId)
