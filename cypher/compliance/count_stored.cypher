// How many facts are stored: booked ones, and those that wait for it?
// mode: read
// params: none
// returns: booked integer, pending integer
// timeout: 10 s
OPTIONAL MATCH (s:Sequence {name: 'fact'})
WITH coalesce(s.value, 0) AS booked
RETURN booked, COUNT { MATCH (f:Pending) RETURN f } AS pending
LIMIT 1
