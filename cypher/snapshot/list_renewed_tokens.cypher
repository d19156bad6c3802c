// Which tokens from before rotations of the pepper are which today, after this
// one?
// mode: read
// params: $after string, $limit integer
// returns: token string, former list<string>
// timeout: 30 s
MATCH (i:Identifier)
WHERE i.formerTokens IS NOT NULL AND i.token > $after
RETURN i.token AS token, i.formerTokens AS former
ORDER BY token
LIMIT $limit
