// Add to members' sales of a month.
// mode: write
// params: $rows list<map>
// returns: nothing
// timeout: 30 s
UNWIND $rows AS row
MERGE (s:SalesMonth {salesMonthId: row.salesMonthId})
  ON CREATE SET
    s.month = row.month,
    s.currency = row.currency,
    s.ownMinor = row.own,
    s.directMinor = row.direct,
    s.teamMinor = row.team,
    s.bonusMinor = row.bonus,
    s.selfMinor = nullIf(row.self, 0)
  ON MATCH SET
    s.ownMinor = s.ownMinor + row.own,
    s.directMinor = s.directMinor + row.direct,
    s.teamMinor = s.teamMinor + row.team,
    s.bonusMinor = s.bonusMinor + row.bonus,
    s.selfMinor = nullIf(coalesce(s.selfMinor, 0) + row.self, 0)
WITH s, row
MATCH (m:Member {memberId: row.memberId})
MERGE (m)-[:SOLD_IN]->(s)
