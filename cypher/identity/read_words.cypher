// What was said of two of these members being one person?
// mode: read
// params: $memberIds list<string>
// returns: data list<string>, times list<integer> (us), seqs list<integer>,
//   merged list<boolean>
// timeout: 60 s
UNWIND $memberIds AS memberId
MATCH (m:Member {memberId: memberId})<-[:ABOUT]-(f:Fact)
WHERE f.type IN ['member.merged', 'member.unmerged'] AND f.seq IS NOT NULL
WITH DISTINCT f
RETURN collect(f.data) AS data,
  collect(f.time.epochSeconds * 1000000 + f.time.microsecond) AS times,
  collect(f.seq) AS seqs, collect(f.type = 'member.merged') AS merged
