// Who is seen with the devices and addresses of this member, and of those?
// zh: 谁与这位会员共用设备和地址，那些人又与谁共用？
// topic: rings
// mode: read
// params: $memberId string
// example: memberId => 'ring-1'
// returns: path path
// timeout: 10 s
MATCH path = (:Member {memberId: $memberId})
  (()-[:USES]->(:Identifier)<-[:USES]-(:Member)){1,2}
RETURN path
ORDER BY length(path)
LIMIT 200
