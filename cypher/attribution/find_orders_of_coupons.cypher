// Which orders used these coupons?
// mode: read
// params: $couponCodes list<string>
// returns: orderIds list<string>
// timeout: 30 s
UNWIND $couponCodes AS couponCode
MATCH (:Coupon {couponCode: couponCode})<-[:REDEEMED]-(o:Order)
RETURN collect(DISTINCT o.orderId) AS orderIds
