// Keep what does not fit in a result file, once.
// mode: write
// params: $rows list<map>
// returns: nothing
// timeout: 30 s
UNWIND $rows AS row
MERGE (d:PayoutDifference {differenceId: row.differenceId})
  ON CREATE SET d.file = row.file, d.line = row.line, d.code = row.code,
    d.payoutId = row.payoutId, d.foundAt = datetime(row.foundAt)
