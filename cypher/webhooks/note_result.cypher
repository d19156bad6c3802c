// Keep since when a webhook only fails; since when is that?
// mode: write
// params: $webhookId string, $delivered boolean,
//   $nowMillis integer (ms since 1970)
// returns: failingMillis integer (ms)
// timeout: 10 s
MATCH (w:Webhook {webhookId: $webhookId})
SET w.failingSince = CASE
  WHEN $delivered THEN null
  ELSE coalesce(w.failingSince, datetime({epochMillis: $nowMillis}))
END
RETURN w.failingSince.epochMillis AS failingMillis
