// Keep up to which fact what members' sales in a period earned was told as
// released; once is all.
// mode: write
// params: $rows list<map>
// returns: nothing
// timeout: 30 s
UNWIND $rows AS row
MATCH (s:SalesMonth {salesMonthId: row.salesMonthId})
SET s.settledSeq = coalesce(s.settledSeq, row.seq)
