// Find answers that are old enough to be removed.
CREATE INDEX answeredTime IF NOT EXISTS
FOR (a:Answered) ON (a.askedAt)
