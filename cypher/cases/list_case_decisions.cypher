// What was decided of a case so far, the first decision first?
// mode: read
// params: $caseId string, $limit integer
// returns: data string, at datetime, key string
// timeout: 5 s
MATCH (:Case {caseId: $caseId})<-[:ABOUT]-(f:Fact {type: 'case.decided'})
RETURN f.data AS data, f.time AS at, f.key AS key
ORDER BY at, key
LIMIT $limit
