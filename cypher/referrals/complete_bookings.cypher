// Give bookings without uplines an empty list, which an import cannot write;
// how many were there?
// mode: write
// params: $limit integer
// returns: completed integer
// timeout: 60 s
MATCH (:Order)-[c:CREDITED_TO]->(:Member)
WHERE c.uplineIds IS NULL
WITH c
LIMIT $limit
SET c.uplineIds = []
RETURN count(c) AS completed
