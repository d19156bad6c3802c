// Who clicked these shares within a time, by booked facts?
// mode: read
// params: $shareIds list<string>, $opens datetime, $closes datetime
// returns: shareIds list<string>, memberIds list<string>,
//   visitorIds list<string>, times list<integer> (us), seqs list<integer>
// timeout: 60 s
UNWIND $shareIds AS shareId
MATCH (s:Share {shareId: shareId})<-[c:CLICKED]-(clicker:Member|Visitor)
WHERE $opens < c.at <= $closes
MATCH (f:Fact {key: c.eventId})
WHERE f.seq IS NOT NULL
RETURN collect(s.shareId) AS shareIds,
  collect(coalesce(clicker.memberId, '')) AS memberIds,
  collect(coalesce(clicker.visitorId, '')) AS visitorIds,
  collect(c.at.epochSeconds * 1000000 + c.at.microsecond) AS times,
  collect(f.seq) AS seqs
