// Orders of a time are found by the moment they were paid.
CREATE INDEX orderPaid IF NOT EXISTS
FOR (o:Order) ON (o.paidAt)
