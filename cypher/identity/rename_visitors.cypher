// Let visitors go by pseudonyms; one that exists already stays what it is.
// mode: write
// params: $rows list<map>
// returns: nothing
// timeout: 30 s
UNWIND $rows AS row
MATCH (v:Visitor {visitorId: row.visitorId})
SET v.visitorId = row.pseudonym
