// Which holds have ended by themselves, the longest due first?
// mode: read
// params: $nowMillis integer (ms since 1970), $limit integer
// returns: holdIds list<string>
// timeout: 10 s
MATCH (h:Hold)
WHERE h.dueAt <= datetime({epochMillis: $nowMillis})
WITH h
ORDER BY h.dueAt, h.holdId
LIMIT $limit
RETURN collect(h.holdId) AS holdIds
