// What is known of a webhook?
// mode: read
// params: $webhookId string
// returns: webhookId string, url string, description string,
//   events list<string>, enabled boolean, disabledWhy string,
//   disabledMillis integer (ms), generation integer, sinceSeq integer,
//   createdMillis integer (ms), rotatedMillis integer (ms),
//   failingMillis integer (ms)
// timeout: 5 s
MATCH (w:Webhook {webhookId: $webhookId})
WITH w, w.createdAt.epochMillis AS createdMillis
RETURN w.webhookId AS webhookId, w.url AS url,
  w.description AS description, w.events AS events, w.enabled AS enabled,
  w.disabledWhy AS disabledWhy, w.disabledAt.epochMillis AS disabledMillis,
  w.generation AS generation, w.sinceSeq AS sinceSeq, createdMillis,
  w.rotatedAt.epochMillis AS rotatedMillis,
  w.failingSince.epochMillis AS failingMillis
LIMIT 1
