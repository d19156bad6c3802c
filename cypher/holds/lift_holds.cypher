// Lift these holds. An account that stays frozen after one is looked at when
// the hold would have ended.
// mode: write
// params: $rows list<map>
// returns: nothing
// timeout: 10 s
UNWIND $rows AS row
MATCH (h:Hold {holdId: row.holdId})
SET
  h.liftedAt = datetime({epochMillis: row.liftedMillis}),
  h.liftedBy = row.liftedBy,
  h.liftReason = row.liftReason,
  h.dueAt = CASE WHEN h.statusBefore IS NULL THEN null ELSE h.dueAt END
