// One node for each Migration.
CREATE CONSTRAINT uniqueMigration IF NOT EXISTS
FOR (m:Migration) REQUIRE m.version IS UNIQUE
