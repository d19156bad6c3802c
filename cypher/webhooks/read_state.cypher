// Is there any webhook, how far were they told, and how far is the ledger?
// mode: read
// params: none
// returns: webhooks integer, seq integer, partSeq integer,
//   beganAt integer (us), beganSeq integer, bookedSeq integer,
//   ordersAt integer (us), ordersAfter string, monthsAt integer (us),
//   monthsAfter string
// timeout: 5 s
OPTIONAL MATCH (log:WebhookPlace {name: 'log'})
OPTIONAL MATCH (orders:WebhookPlace {name: 'orders'})
OPTIONAL MATCH (months:WebhookPlace {name: 'months'})
OPTIONAL MATCH (l:Ledger {name: 'ledger'})
RETURN COUNT { (:Webhook) } AS webhooks, coalesce(log.seq, 0) AS seq,
  coalesce(log.partSeq, 0) AS partSeq, coalesce(log.beganAt, 0) AS beganAt,
  coalesce(log.beganSeq, 0) AS beganSeq,
  coalesce(l.bookedSeq, 0) AS bookedSeq, coalesce(orders.at, 0) AS ordersAt,
  coalesce(orders.after, '') AS ordersAfter, coalesce(months.at, 0) AS monthsAt,
  coalesce(months.after, '') AS monthsAfter
LIMIT 1
