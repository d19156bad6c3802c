// Find payouts in a state, the oldest first.
CREATE INDEX payoutState IF NOT EXISTS
FOR (p:Payout) ON (p.state, p.createdAt)
