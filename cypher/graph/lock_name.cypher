// Take the named lock and hold it until the transaction ends.
// mode: write
// params: $name string
// returns: nothing
// timeout: 120 s
MERGE (l:Lock {name: $name})
SET l.times = coalesce(l.times, 0) + 1
