// What was done with a case, the latest first, before this step?
// mode: read
// params: $caseId string, $before integer, $limit integer
// returns: number integer, atMillis integer (ms), actor string, step string,
//   detail string, previous string, hash string
// timeout: 5 s
MATCH (:Case {caseId: $caseId})<-[:STEP_OF]-(e:CaseEvent)
WHERE e.number < $before
RETURN e.number AS number, e.at.epochMillis AS atMillis, e.actor AS actor,
  e.step AS step, e.detail AS detail, e.previous AS previous, e.hash AS hash
ORDER BY number DESC
LIMIT $limit
