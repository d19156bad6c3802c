// Enable a webhook, or disable it and keep why.
// mode: write
// params: $webhookId string, $enabled boolean, $why string,
//   $nowMillis integer (ms since 1970)
// returns: nothing
// timeout: 5 s
MATCH (w:Webhook {webhookId: $webhookId})
SET
  w.enabled = $enabled,
  w.failingSince = CASE WHEN $enabled THEN null ELSE w.failingSince END,
  w.disabledWhy = CASE WHEN $enabled THEN null ELSE $why END,
  w.disabledAt = CASE
    WHEN $enabled THEN null
    ELSE datetime({epochMillis: $nowMillis})
  END
