// What is in a file that is kept with a case?
// mode: read
// params: $caseId string, $attachmentId string
// returns: name string, mediaType string, content string (base64)
// timeout: 5 s
MATCH (f:CaseFile {attachmentId: $attachmentId})-[:KEPT_WITH]->(c:Case)
WHERE c.caseId = $caseId
RETURN f.name AS name, f.mediaType AS mediaType, f.content AS content
LIMIT 1
