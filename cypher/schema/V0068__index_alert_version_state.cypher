// Find alerts that are gone.
CREATE INDEX alertVersionState IF NOT EXISTS
FOR (v:AlertVersion) ON (v.state, v.score)
