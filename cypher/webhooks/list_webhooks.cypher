// Which webhooks are there, newest first, after this place in the list?
// mode: read
// params: $beforeMillis integer (ms since 1970), $afterId string,
//   $limit integer
// returns: webhookId string, url string, description string,
//   events list<string>, enabled boolean, disabledWhy string,
//   disabledMillis integer (ms), generation integer, sinceSeq integer,
//   createdMillis integer (ms), rotatedMillis integer (ms),
//   failingMillis integer (ms)
// timeout: 5 s
MATCH (w:Webhook)
WITH w, w.createdAt.epochMillis AS createdMillis
WHERE createdMillis < $beforeMillis
  OR (createdMillis = $beforeMillis AND w.webhookId > $afterId)
RETURN w.webhookId AS webhookId, w.url AS url,
  w.description AS description, w.events AS events, w.enabled AS enabled,
  w.disabledWhy AS disabledWhy, w.disabledAt.epochMillis AS disabledMillis,
  w.generation AS generation, w.sinceSeq AS sinceSeq, createdMillis,
  w.rotatedAt.epochMillis AS rotatedMillis,
  w.failingSince.epochMillis AS failingMillis
ORDER BY createdMillis DESC, webhookId
LIMIT $limit
