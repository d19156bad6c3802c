// Who buys of this shop, and who owns it?
// zh: 谁在这家店铺购买，店主是谁？
// topic: shops
// mode: read
// params: $shopId string
// example: shopId => 'shop-1'
// returns: path path
// timeout: 10 s
MATCH (s:Shop {shopId: $shopId})
OPTIONAL MATCH owned = (s)<-[:OWNS]-(:Member)
WITH s, collect(owned) AS owners
CALL (s) {
  MATCH bought = (s)<-[:SOLD_BY]-(o:Order)<-[:PLACED]-(:Member)
  WITH bought, o
  ORDER BY o.paidAt DESC, o.orderId
  LIMIT 150
  RETURN collect(bought) AS buyers
}
UNWIND owners + buyers AS path
RETURN path
LIMIT 200
