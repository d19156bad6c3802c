// Keep a file with a case.
// mode: write
// params: $caseId string, $attachmentId string, $name string,
//   $mediaType string, $content string (base64), $bytes integer,
//   $addedBy string, $addedMillis integer (ms since 1970)
// returns: nothing
// timeout: 10 s
MATCH (c:Case {caseId: $caseId})
MERGE (f:CaseFile {attachmentId: $attachmentId})
  ON CREATE SET
    f.name = $name,
    f.mediaType = $mediaType,
    f.content = $content,
    f.bytes = $bytes,
    f.addedBy = $addedBy,
    f.addedAt = datetime({epochMillis: $addedMillis})
MERGE (f)-[:KEPT_WITH]->(c)
