// Which nodes are there of what a copy for analysts holds?
// mode: read
// params: $limit integer
// returns: elementId string, labels list<string>, properties map
// timeout: 3600 s
MATCH (n:Member|Visitor|Person|Identifier|Share|Order|Refund|Product|Category
  |Shop|Coupon|SalesMonth|Period|PlanVersion|Fact|Ledger|LedgerPayee
  |LedgerEntry|Wallet|WalletDay|Payout|PayoutBatch|ChannelOrder|ChannelRefund
  |SaleNumber|Hold|Case|CaseEvent|RuleSnooze|Scan|Alert|AlertVersion|AlertSet
  |MemberScore)
RETURN elementId(n) AS elementId, labels(n) AS labels,
  properties(n) AS properties
LIMIT $limit
