// Take away every binding of these members, before they are written anew.
// mode: write
// params: $memberIds list<string>
// returns: nothing
// timeout: 30 s
UNWIND $memberIds AS memberId
MATCH (m:Member {memberId: memberId})
MATCH (m)<-[r:REFERRED|FORMERLY_REFERRED]-(:Member)
DELETE r
