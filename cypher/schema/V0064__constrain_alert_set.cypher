// There is one set of alerts that is shown.
CREATE CONSTRAINT uniqueAlertSet IF NOT EXISTS
FOR (t:AlertSet) REQUIRE t.name IS UNIQUE
