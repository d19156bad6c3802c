// Whom are the newest cases that are not decided about, and what is held?
// zh: 最新的未决案件涉及谁，冻结了什么？
// topic: risk
// mode: read
// params: none
// returns: path path
// timeout: 10 s
MATCH (c:Case)
WHERE c.openedAt IS NOT NULL AND c.decidedAt IS NULL
WITH c
ORDER BY c.openedAt DESC, c.caseId
LIMIT 5
MATCH path = (c)-[:EXAMINES]->(:Member)
  (()<-[:HOLDS]-(:Hold)){0,1}
RETURN path
LIMIT 200
