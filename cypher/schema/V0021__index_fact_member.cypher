// What did this member do, and when?
CREATE INDEX factMember IF NOT EXISTS
FOR (f:Fact) ON (f.memberId, f.time)
