// Lift these holds.
// mode: write
// params: $rows list<map>
// returns: nothing
// timeout: 10 s
UNWIND $rows AS row
MATCH (h:Hold {holdId: row.holdId})
SET
  h.liftedAt = datetime({epochMillis: row.liftedMillis}),
  h.liftedBy = row.liftedBy,
  h.liftReason = row.liftReason
REMOVE h.dueAt
