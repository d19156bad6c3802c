// Hold a member until the transaction ends; is there one?
// mode: write
// params: $memberId string, $batch string
// returns: memberId string
// timeout: 10 s
MATCH (m:Member {memberId: $memberId})
SET m.riskHeldBy = $batch
RETURN m.memberId AS memberId
