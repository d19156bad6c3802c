// Which facts of these types are about a case, and where in the log?
// mode: read
// params: $caseId string, $types list<string>, $limit integer
// returns: type string, seq integer (null: not booked yet), data string
// timeout: 10 s
MATCH (:Case {caseId: $caseId})<-[:ABOUT]-(f:Fact)
WHERE f.type IN $types
RETURN f.type AS type, f.seq AS seq, f.data AS data
ORDER BY coalesce(seq, 9223372036854775807), f.key
LIMIT $limit
