// Take what is longest due for each webhook: nobody else sends it until then.
// mode: write
// params: $webhookIds list<string>, $nowMillis integer (ms since 1970),
//   $untilMillis integer (ms since 1970), $takenBy string, $limit integer
// returns: deliveryId string, webhookId string, tries integer,
//   messageId string, body string
// timeout: 30 s
UNWIND $webhookIds AS webhookId
CALL (webhookId) {
  MATCH (d:WebhookDelivery {webhookId: webhookId})
  WHERE d.dueAt <= datetime({epochMillis: $nowMillis})
  RETURN d
  ORDER BY d.dueAt, d.deliveryId
  LIMIT $limit
}
SET d.dueAt = datetime({epochMillis: $untilMillis}), d.takenBy = $takenBy
WITH d
MATCH (d)-[:CARRIES]->(m:WebhookMessage)
RETURN d.deliveryId AS deliveryId, d.webhookId AS webhookId, d.tries AS tries,
  m.messageId AS messageId, m.body AS body
ORDER BY deliveryId
