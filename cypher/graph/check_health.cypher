// Does the database answer?
// mode: read
// params: none
// returns: one integer
// timeout: 2 s
RETURN 1 AS one
LIMIT 1
