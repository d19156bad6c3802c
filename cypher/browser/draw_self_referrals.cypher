// Who invited a member that is seen with the same device, address or payment?
// topic: rings
// mode: read
// params: none
// returns: path path
// timeout: 60 s
MATCH path = (a:Member)-[:REFERRED]->(:Member)-[:USES]->
  (:Device|Address|Payment|Phone)<-[:USES]-(a)
RETURN path
LIMIT 100
