// Which deliveries of a time to a webhook are in one of these states?
// mode: read
// params: $webhookId string, $statuses list<string>,
//   $fromMillis integer (ms since 1970), $toMillis integer (ms since 1970),
//   $limit integer
// returns: deliveryIds list<string>
// timeout: 30 s
MATCH (d:WebhookDelivery {webhookId: $webhookId})
WHERE datetime({epochMillis: $fromMillis}) <= d.createdAt
  AND d.createdAt < datetime({epochMillis: $toMillis})
  AND d.status IN $statuses
WITH d
LIMIT $limit
RETURN collect(d.deliveryId) AS deliveryIds
