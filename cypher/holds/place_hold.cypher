// Place a hold on a member, unless there is one of this id; what does it say?
// The member is locked first: the relationship alone would not lock a node that
// has many, and a payout that is decided meanwhile would not see the hold.
// mode: write
// params: $holdId string, $memberId string, $kind string, $code string,
//   $reason string, $placedBy string, $placedMillis integer (ms since 1970),
//   $expiresMillis integer (ms since 1970; null: never),
//   $caseId string (null: none),
//   $freezes boolean (whether the account is frozen with it)
// returns: holdId string, memberId string, kind string, code string,
//   reason string, placedBy string, placedMillis integer (ms),
//   expiresMillis integer (ms), liftedMillis integer (ms), liftedBy string,
//   liftReason string, caseId string
// timeout: 5 s
MATCH (asked:Member {memberId: $memberId})
SET asked.holdLock = $holdId
WITH asked,
  CASE
    WHEN NOT $freezes THEN null
    WHEN asked.status = 'frozen' THEN coalesce(
      head([(o:Hold)-[:HOLDS]->(asked)
        WHERE o.statusBefore IS NOT NULL | o.statusBefore]),
      'frozen'
    )
    ELSE coalesce(asked.status, 'active')
  END AS statusBefore
MERGE (h:Hold {holdId: $holdId})
  ON CREATE SET
    h.kind = $kind,
    h.code = $code,
    h.reason = $reason,
    h.placedBy = $placedBy,
    h.placedAt = datetime({epochMillis: $placedMillis}),
    h.expiresAt = CASE
      WHEN $expiresMillis IS NULL THEN null
      ELSE datetime({epochMillis: $expiresMillis})
    END,
    h.caseId = $caseId,
    h.statusBefore = statusBefore,
    h.dueAt = CASE
      WHEN $expiresMillis IS NULL THEN null
      ELSE datetime({epochMillis: $expiresMillis})
    END
FOREACH (once IN CASE
  WHEN EXISTS { MATCH (h)-[:HOLDS]->(:Member) } THEN []
  ELSE [1]
END |
  CREATE (h)-[:HOLDS]->(asked)
)
WITH h
MATCH (h)-[:HOLDS]->(m:Member)
RETURN h.holdId AS holdId, m.memberId AS memberId, h.kind AS kind,
  h.code AS code, h.reason AS reason, h.placedBy AS placedBy,
  h.placedAt.epochMillis AS placedMillis,
  h.expiresAt.epochMillis AS expiresMillis,
  h.liftedAt.epochMillis AS liftedMillis, h.liftedBy AS liftedBy,
  h.liftReason AS liftReason, h.caseId AS caseId
