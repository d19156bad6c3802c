// What was recorded of a case, the latest first?
// mode: read
// params: $caseId string, $limit integer
// returns: type string, atMillis integer (ms), seq integer, data string
// timeout: 5 s
MATCH (:Case {caseId: $caseId})<-[:ABOUT]-(f:Fact)
RETURN f.type AS type, f.time.epochMillis AS atMillis, f.seq AS seq,
  f.data AS data
ORDER BY atMillis DESC, coalesce(seq, 9223372036854775807) DESC, f.key DESC
LIMIT $limit
