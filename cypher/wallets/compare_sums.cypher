// Which wallets, after this one, do not hold what the entries come to?
// mode: read
// params: $after string, $limit integer
// returns: last string, count integer, differing list<string>
// timeout: 60 s
MATCH (w:Wallet)
WHERE w.walletId > $after
WITH w
ORDER BY w.walletId
LIMIT $limit
CALL (w) {
  MATCH (w)<-[:PART_OF]-(d:WalletDay)
  RETURN sum(d.totalMinor) AS daysMinor
}
CALL (w) {
  MATCH (e:LedgerEntry {payeeId: substring(w.walletId, 4)})
  WHERE e.currency = left(w.walletId, 3)
  RETURN sum(e.amountMinor) AS entriesMinor
}
WITH w.walletId AS walletId, entriesMinor,
  coalesce(w.openMinor, 0) + coalesce(w.releasedMinor, 0) + daysMinor
    + reduce(sum = 0, one IN coalesce(w.periodMinor, []) | sum + one)
    AS keptMinor
RETURN max(walletId) AS last, count(walletId) AS count,
  [one IN collect(CASE WHEN keptMinor <> entriesMinor THEN walletId END)
    WHERE one IS NOT NULL] AS differing
