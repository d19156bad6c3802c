// Which nodes of a graph without facts outlive a bulk load?
// mode: read
// params: none
// returns: labels list<string>, properties map
// timeout: 30 s
MATCH (n:ApiKey|Lease|Lock|PlanVersion|Rejected|Sequence|Webhook|WebhookPlace)
RETURN labels(n) AS labels, properties(n) AS properties
LIMIT 100001
