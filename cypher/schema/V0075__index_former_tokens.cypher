// Find identifiers that had other tokens before a rotation of the pepper.
CREATE INDEX formerTokens IF NOT EXISTS
FOR (i:Identifier) ON (i.formerTokens)
