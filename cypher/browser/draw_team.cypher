// Who stands below this member, three levels down?
// zh: 这位会员之下三层有谁？
// topic: teams
// mode: read
// params: $memberId string
// example: memberId => 'lin-yue'
// returns: path path
// timeout: 10 s
MATCH path = (:Member {memberId: $memberId})-[:REFERRED*1..3]->(:Member)
RETURN path
ORDER BY length(path)
LIMIT 300
