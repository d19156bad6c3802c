// Which batch was fixed and is not marked as sent, and what is the last number?
// mode: read
// params: none
// returns: open list<string>, number integer
// timeout: 20 s
MATCH (b:PayoutBatch)
WITH b
ORDER BY b.number
RETURN collect(CASE WHEN b.state = 'sending' THEN b.batchId END) AS open,
  coalesce(max(b.number), 0) AS number
