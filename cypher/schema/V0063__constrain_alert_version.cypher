// What a scan says of an alert is there once.
CREATE CONSTRAINT uniqueAlertVersion IF NOT EXISTS
FOR (v:AlertVersion) REQUIRE v.versionId IS UNIQUE
