// Put a step at the end of a case's trail.
// mode: write
// params: $caseId string, $eventId string, $number integer,
//   $atMillis integer (ms since 1970), $actor string, $step string,
//   $detail string, $previous string, $hash string
// returns: nothing
// timeout: 5 s
MATCH (c:Case {caseId: $caseId})
CREATE
  (c)<-[:STEP_OF]-(:CaseEvent {
    eventId: $eventId,
    number: $number,
    at: datetime({epochMillis: $atMillis}),
    actor: $actor,
    step: $step,
    detail: $detail,
    previous: $previous,
    hash: $hash
  })
