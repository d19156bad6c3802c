// Keep what is released on a day.
// mode: write
// params: $rows list<map>
// returns: nothing
// timeout: 60 s
UNWIND $rows AS row
MERGE (d:WalletDay {dayId: row.dayId})
SET d.day = row.day, d.totalMinor = row.totalMinor, d.moments = row.moments,
  d.amounts = row.amounts
WITH d, row
MATCH (w:Wallet {walletId: row.walletId})
MERGE (d)-[:PART_OF]->(w)
