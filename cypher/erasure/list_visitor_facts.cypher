// Which facts identified the visitors that turned out to be this member?
// mode: read
// params: $memberId string
// returns: keys list<string>, types list<string>, data list<string>
// timeout: 30 s
MATCH (:Member {memberId: $memberId})
  <-[:IDENTIFIED_AS]-(:Visitor)
  <-[:ABOUT]-(f:Fact)
RETURN collect(f.key) AS keys, collect(f.type) AS types,
  collect(f.data) AS data
