// Hold these wallets, and put what was released on days long past into one
// sum; which periods does each count?
// mode: write
// params: $rows list<map>, $day integer
// returns: walletId string, foldedDay integer, periods list<string>,
//   periodMinor list<integer>
// timeout: 60 s
UNWIND $rows AS row
MERGE (w:Wallet {walletId: row.walletId})
  ON CREATE SET w.payeeId = row.payeeId, w.currency = row.currency,
    w.openMinor = 0, w.releasedMinor = 0, w.foldedDay = $day
SET w.foldedDay = CASE WHEN $day > w.foldedDay THEN $day ELSE w.foldedDay END
WITH w
CALL (w) {
  MATCH (w)<-[:PART_OF]-(d:WalletDay)
  WHERE d.day < w.foldedDay
  WITH collect(d) AS past, sum(d.totalMinor) AS folded
  FOREACH (d IN past | DETACH DELETE d)
  RETURN folded
}
SET w.releasedMinor = w.releasedMinor + folded
RETURN w.walletId AS walletId, w.foldedDay AS foldedDay,
  coalesce(w.periods, []) AS periods, coalesce(w.periodMinor, []) AS periodMinor
ORDER BY walletId
LIMIT 1000001
