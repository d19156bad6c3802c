// Hold these alerts until the transaction ends, so that of several who look
// which case they are in one opens it.
// mode: write
// params: $alertIds list<string> (in order of id), $batch string
// returns: nothing
// timeout: 10 s
UNWIND $alertIds AS alertId
MATCH (a:Alert {alertId: alertId})
SET a.caseLock = $batch
