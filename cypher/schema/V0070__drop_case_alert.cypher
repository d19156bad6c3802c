// Cases are tied to their alerts.
DROP INDEX caseAlert IF EXISTS
