// Who stands above this member, up to the top?
// zh: 这位会员之上直到顶端有谁？
// topic: teams
// mode: read
// params: $memberId string
// example: memberId => 'sun-mei'
// returns: path path
// timeout: 10 s
MATCH path = (:Member {memberId: $memberId})<-[:REFERRED*1..64]-(:Member)
RETURN path
ORDER BY length(path) DESC
LIMIT 1
