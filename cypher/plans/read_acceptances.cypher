// When did these members accept, under the first of all accounts of their
// person, to be promoters?
// mode: read
// params: $memberIds list<string>
// returns: memberIds list<string>, times list<integer> (us)
// timeout: 30 s
UNWIND $memberIds AS memberId
MATCH (m:Member {memberId: memberId})
CALL (m) {
  RETURN m AS account
UNION
  MATCH (:Person {personId: m.personId})<-[:IS_PERSON]-(account:Member)
  RETURN account
}
MATCH (account)<-[:ABOUT]-(f:Fact {type: 'promoter.accepted'})
WITH memberId, min(f.time) AS at
RETURN collect(memberId) AS memberIds,
  collect(at.epochSeconds * 1000000 + at.microsecond) AS times
