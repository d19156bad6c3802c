// Who invited a member that is seen with the same device, address or payment?
// zh: 谁邀请了与自己共用设备、地址或支付方式的会员？
// topic: rings
// mode: read
// params: none
// returns: path path
// timeout: 60 s
MATCH path = (a:Member)-[:REFERRED]->(:Member)-[:USES]->
  (:Device|Address|Payment|Phone)<-[:USES]-(a)
RETURN path
LIMIT 100
