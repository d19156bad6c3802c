// Which files are kept with a case?
// mode: read
// params: $caseId string, $limit integer
// returns: attachmentId string, name string, mediaType string, bytes integer,
//   addedBy string, addedMillis integer (ms)
// timeout: 5 s
MATCH (:Case {caseId: $caseId})<-[:KEPT_WITH]-(f:CaseFile)
RETURN f.attachmentId AS attachmentId, f.name AS name,
  f.mediaType AS mediaType, f.bytes AS bytes, f.addedBy AS addedBy,
  f.addedAt.epochMillis AS addedMillis
ORDER BY addedMillis, attachmentId
LIMIT $limit
