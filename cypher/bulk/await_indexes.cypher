// Wait until every index answers.
// mode: read
// params: $seconds integer (s)
// returns: done integer
// timeout: 600 s
CALL db.awaitIndexes($seconds)
RETURN 1 AS done
LIMIT 1
