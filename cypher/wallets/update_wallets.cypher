// Change what wallets hold by these amounts.
// mode: write
// params: $rows list<map>
// returns: nothing
// timeout: 60 s
UNWIND $rows AS row
MATCH (w:Wallet {walletId: row.walletId})
SET w.openMinor = w.openMinor + row.openMinor,
  w.releasedMinor = w.releasedMinor + row.releasedMinor,
  w.periods = row.periods, w.periodMinor = row.periodMinor
