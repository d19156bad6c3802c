// Hold the ledger; up to which fact is it booked, and what is the latest
// payment in it? One that is new keeps wallets from its first entry on.
// mode: write
// params: $holder string
// returns: bookedSeq integer, newestPaidAt integer (us)
// timeout: 30 s
MERGE (l:Ledger {name: 'ledger'})
  ON CREATE SET l.keepsWallets = true
SET l.heldBy = $holder
RETURN coalesce(l.bookedSeq, 0) AS bookedSeq,
  coalesce(l.newestPaidAt, 0) AS newestPaidAt
