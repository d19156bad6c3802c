// Put a step at the end of a case's trail.
// mode: write
// params: $caseId string, $eventId string, $number integer,
//   $atMillis integer (ms since 1970), $actor string, $step string,
//   $detail string, $previous string, $hash string
// returns: nothing
// timeout: 5 s
MATCH (c:Case {caseId: $caseId})
MERGE (e:CaseEvent {eventId: $eventId})
  ON CREATE SET
    e.number = $number,
    e.at = datetime({epochMillis: $atMillis}),
    e.actor = $actor,
    e.step = $step,
    e.detail = $detail,
    e.previous = $previous,
    e.hash = $hash
MERGE (e)-[:STEP_OF]->(c)
