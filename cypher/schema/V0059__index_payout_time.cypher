// Find payouts of a time.
CREATE INDEX payoutTime IF NOT EXISTS
FOR (p:Payout) ON (p.createdAt)
