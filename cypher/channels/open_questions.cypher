// Keep why it is not clear which order a channel's order is.
// mode: write
// params: $rows list<map>
// returns: nothing
// timeout: 10 s
UNWIND $rows AS row
MATCH (c:ChannelOrder {channelOrderId: row.channelOrderId})
SET
  c.openAt = CASE c.openCode WHEN row.code THEN c.openAt
    ELSE datetime(row.now) END,
  c.openCode = row.code,
  c.openWhy = row.why,
  c.candidates = row.candidates
