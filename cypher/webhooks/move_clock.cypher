// Keep up to which time, and which key at that time, releases were told.
// mode: write
// params: $name string, $at integer (us), $after string
// returns: nothing
// timeout: 10 s
MERGE (p:WebhookPlace {name: $name})
SET p.at = $at, p.after = $after
