// Know that there were sales in these periods.
// mode: write
// params: $rows list<map>
// returns: nothing
// timeout: 10 s
UNWIND $rows AS row
MERGE (p:Period {periodId: row.periodId})
  ON CREATE SET
    p.period = row.period,
    p.currency = row.currency
