// What have the accounts of a member's person earned by now, what of it is on
// its way or paid, and what stands against paying more? The asked one first.
// mode: read
// params: $memberId string, $currency string, $now datetime,
//   $nowMicros integer (us), $day integer, $since datetime, $without string
// returns: memberId string, behind integer, keepsWallets boolean,
//   personId string, account map, wallet map, reservedMinor integer,
//   paidMinor integer, recent list<map>, holds list<map>
// timeout: 20 s
MATCH (m:Member {memberId: $memberId})
OPTIONAL MATCH (s:Sequence {name: 'fact'})
OPTIONAL MATCH (l:Ledger {name: 'ledger'})
OPTIONAL MATCH (m)-[:IS_PERSON]->(person:Person)
OPTIONAL MATCH (person)<-[:IS_PERSON]-(n:Member)
WHERE n <> m
WITH l, person, m, coalesce(s.value, 0) - coalesce(l.bookedSeq, 0)
    + COUNT { MATCH (f:Pending) } AS behind,
  collect(n) AS others
UNWIND [m] + others AS a
CALL (a) {
  OPTIONAL MATCH (w:Wallet {walletId: $currency + ' ' + a.memberId})
  CALL (w) {
    MATCH (w)<-[:PART_OF]-(d:WalletDay)
    RETURN sum(d.totalMinor) AS daysMinor,
      sum(CASE WHEN d.day < $day THEN d.totalMinor ELSE 0 END) AS pastMinor
  }
  CALL (w) {
    MATCH (w)<-[:PART_OF]-(d:WalletDay)
    WHERE d.day = $day
    WITH d.moments AS moments, d.amounts AS amounts
    RETURN sum(
      reduce(
        released = 0, i IN range(0, size(moments) - 1) |
        CASE
          WHEN moments[i] <= $nowMicros THEN released + amounts[i]
          ELSE released
        END
      )
    ) AS todayMinor
  }
  RETURN {
    openMinor: coalesce(w.openMinor, 0),
    releasedMinor: coalesce(w.releasedMinor, 0),
    foldedDay: coalesce(w.foldedDay, 0), daysMinor: daysMinor,
    dueMinor: pastMinor + todayMinor, periods: coalesce(w.periods, []),
    periodMinor: coalesce(w.periodMinor, [])
  } AS wallet
}
CALL (a) {
  MATCH (a)<-[:PAYS_OUT]-(p:Payout)
  WHERE p.payoutId <> $without
  WITH p, p.createdAt > $since
    AND NOT p.state IN ['cancelled', 'failed', 'returned'] AS counts
  RETURN
    sum(
      CASE
        WHEN p.currency = $currency
          AND p.state IN ['requested', 'approved', 'sending', 'sent']
          THEN p.amountMinor
        ELSE 0
      END
    ) AS reservedMinor,
    sum(
      CASE
        WHEN p.currency = $currency AND p.state = 'settled' THEN p.amountMinor
        ELSE 0
      END
    ) AS paidMinor,
    collect(
      CASE
        WHEN counts
          THEN {
            at: p.createdAt.epochSeconds * 1000000 + p.createdAt.microsecond,
            amountMinor: p.amountMinor, currency: p.currency
          }
      END
    ) AS recent
}
CALL (a) {
  MATCH (a)<-[:HOLDS]-(h:Hold)
  WHERE h.liftedAt IS NULL AND coalesce(h.expiresAt > $now, true)
  WITH h
  ORDER BY h.holdId
  RETURN collect({
    holdId: h.holdId, kind: h.kind, code: h.code, reason: h.reason,
    caseId: h.caseId,
    expiresAt: h.expiresAt.epochSeconds * 1000000 + h.expiresAt.microsecond
  })[..100] AS holds
}
RETURN a.memberId AS memberId, behind,
  coalesce(l.keepsWallets, l IS NULL) AS keepsWallets,
  person.personId AS personId,
  {
    status: a.status, kyc: coalesce(a.kyc, 'none'),
    taxRegistered: coalesce(a.taxRegistered, false),
    riskLevel: coalesce(a.riskLevel, 'clear')
  } AS account,
  wallet, reservedMinor, paidMinor, recent, holds
ORDER BY CASE WHEN memberId = $memberId THEN 0 ELSE 1 END, memberId
LIMIT 1001
