// Keep since when releases are told; what was released before never is.
// mode: write
// params: $at integer (us), $seq integer
// returns: nothing
// timeout: 10 s
MERGE (p:WebhookPlace {name: 'log'})
SET p.beganAt = $at, p.beganSeq = $seq
