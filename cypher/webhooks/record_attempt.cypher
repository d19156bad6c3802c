// Keep how an attempt went and, unless it was replayed meanwhile, what follows.
// mode: write
// params: $deliveryId string, $takenBy string, $attempt string,
//   $status string, $endedMillis integer (ms since 1970),
//   $dueMillis integer (ms since 1970; null: not again)
// returns: nothing
// timeout: 10 s
MATCH (d:WebhookDelivery {deliveryId: $deliveryId})
SET
  d.attempts = (coalesce(d.attempts, []) + $attempt)[-20..],
  d.attemptCount = d.attemptCount + 1
WITH d
WHERE d.takenBy = $takenBy
SET
  d.takenBy = null,
  d.tries = d.tries + 1,
  d.status = $status,
  d.endedAt = CASE
    WHEN $dueMillis IS NULL THEN datetime({epochMillis: $endedMillis})
    ELSE null
  END,
  d.dueAt = CASE
    WHEN $dueMillis IS NULL THEN null
    ELSE datetime({epochMillis: $dueMillis})
  END
