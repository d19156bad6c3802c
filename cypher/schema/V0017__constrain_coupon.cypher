// One node for each Coupon.
CREATE CONSTRAINT uniqueCoupon IF NOT EXISTS
FOR (c:Coupon) REQUIRE c.couponCode IS UNIQUE
