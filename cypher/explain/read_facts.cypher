// What do the facts of these numbers say, in their order?
// mode: read
// params: $rows list<map>
// returns: seqs list<integer>, types list<string>,
//   times list<integer> (us), sources list<string>, ids list<string>,
//   data list<string>
// timeout: 10 s
UNWIND $rows AS row
MATCH (f:Fact {seq: row.seq})
WITH f
ORDER BY f.seq
RETURN collect(f.seq) AS seqs, collect(f.type) AS types,
  collect(f.time.epochSeconds * 1000000 + f.time.microsecond) AS times,
  collect(f.source) AS sources, collect(f.eventId) AS ids,
  collect(f.data) AS data
