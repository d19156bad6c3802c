// Have deliveries sent again as if they were new.
// mode: write
// params: $deliveryIds list<string>, $nowMillis integer (ms since 1970)
// returns: nothing
// timeout: 30 s
UNWIND $deliveryIds AS deliveryId
MATCH (d:WebhookDelivery {deliveryId: deliveryId})
SET
  d.status = 'pending',
  d.tries = 0,
  d.dueAt = datetime({epochMillis: $nowMillis}),
  d.takenBy = null,
  d.endedAt = null
