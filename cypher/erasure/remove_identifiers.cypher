// Take away those of these identifiers that nobody was seen with.
// mode: write
// params: $tokens list<string>
// returns: identifiers integer
// timeout: 60 s
UNWIND $tokens AS token
MATCH (i:Identifier {token: token})
WHERE NOT (i)--()
DELETE i
RETURN count(token) AS identifiers
