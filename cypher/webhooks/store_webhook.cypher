// Keep what a webhook is to be told and where.
// mode: write
// params: $webhookId string, $url string, $description string,
//   $events list<string>, $generation integer, $sinceSeq integer,
//   $createdMillis integer (ms since 1970),
//   $rotatedMillis integer (ms since 1970; null: never)
// returns: nothing
// timeout: 5 s
MERGE (w:Webhook {webhookId: $webhookId})
  ON CREATE SET
    w.createdAt = datetime({epochMillis: $createdMillis}),
    w.sinceSeq = $sinceSeq,
    w.enabled = true
SET
  w.url = $url,
  w.description = $description,
  w.events = $events,
  w.generation = $generation,
  w.rotatedAt = CASE
    WHEN $rotatedMillis IS NULL THEN null
    ELSE datetime({epochMillis: $rotatedMillis})
  END
