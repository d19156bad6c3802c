// Find the alerts of a scan, by their score.
CREATE INDEX alertVersionShown IF NOT EXISTS
FOR (v:AlertVersion) ON (v.number, v.state, v.score)
