// Keep a version of the plan, unless there is one; what does it say?
// mode: write
// params: $version string, $title string, $document string,
//   $createdMillis integer (ms since 1970)
// returns: document string
// timeout: 10 s
MERGE (p:PlanVersion {version: $version})
  ON CREATE SET
    p.title = $title,
    p.document = $document,
    p.createdAt = datetime({epochMillis: $createdMillis})
RETURN p.document AS document
