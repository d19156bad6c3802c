// How many facts of each type are stored, and how many are in quarantine?
// mode: read
// params: none
// returns: types map<integer>, rejected integer
// timeout: 60 s
MATCH (f:Fact)
WITH f.type AS type, count(f) AS facts
ORDER BY type
WITH collect([type, facts]) AS types
RETURN types, COUNT { (:Rejected) } AS rejected
LIMIT 1
