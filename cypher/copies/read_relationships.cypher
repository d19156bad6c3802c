// Which relationships are there of what a copy for analysts holds?
// mode: read
// params: $limit integer
// returns: type string, startId string, endId string, properties map
// timeout: 3600 s
MATCH (a:Member|Visitor|Share|Order|Refund|Product|ChannelOrder|ChannelRefund
  |Fact|LedgerEntry|WalletDay|Payout|Hold|Case|CaseEvent|RuleSnooze
  |AlertVersion|MemberScore)
  -[r:REFERRED|FORMERLY_REFERRED|IDENTIFIED_AS|FORMERLY_IDENTIFIED_AS
  |USES|IS_PERSON|FORMERLY_IS_PERSON|CREATED|RESHARE_OF|PROMOTES|CLICKED|PLACED
  |CONTAINS|IN_CATEGORY|SOLD_BY|CAME_THROUGH|REDEEMED|OWNS|SHIPPED_TO|PAID_WITH
  |PLACED_FROM|REFUNDS|IS_ORDER|NAMED_BY|REFUND_OF|CREDITED_TO|SOLD_IN
  |ACTIVATES|FOR|PAYS|PART_OF|PAYS_OUT|IN_BATCH|PASSED|CONCERNS|HOLDS|EXAMINES
  |LOOKS_INTO|STEP_OF|SILENCES|RATES
  |VERSION_OF|ALERTS|ALERTS_ON|ABOUT]->(b)
RETURN type(r) AS type, elementId(a) AS startId, elementId(b) AS endId,
  properties(r) AS properties
LIMIT $limit
