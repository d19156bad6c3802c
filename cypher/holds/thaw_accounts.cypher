// Let accounts be what they were before they were frozen with these holds;
// which are otherwise then? Not those that another hold keeps frozen, nor those
// that somebody gave another status since.
// mode: write
// params: $holdIds list<string>
// returns: memberId string, status string
// timeout: 10 s
UNWIND $holdIds AS holdId
MATCH (h:Hold {holdId: holdId})-[:HOLDS]->(m:Member)
WHERE h.statusBefore IS NOT NULL
WITH m, h.statusBefore AS status, h
ORDER BY h.holdId
WITH m, collect(status)[0] AS status, collect(h) AS holds
FOREACH (h IN holds |
  REMOVE h.statusBefore, h.dueAt
)
WITH m, status
WHERE m.status = 'frozen'
  AND status <> 'frozen'
  AND NOT EXISTS {
    MATCH (o:Hold)-[:HOLDS]->(m)
    WHERE o.statusBefore IS NOT NULL
  }
RETURN m.memberId AS memberId, status
ORDER BY memberId
