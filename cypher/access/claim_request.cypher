// Is this Idempotency-Key new, and if not, what was asked and answered? One
// that is as old as keys are kept, or whose caller died, is claimed anew.
// mode: write
// params: $requestId string, $digest string, $holder string,
//   $keepSeconds integer, $staleSeconds integer
// returns: digest string, claimed boolean, status integer, body string,
//   media string
// timeout: 10 s
MERGE (a:Answered {requestId: $requestId})
SET a.asked = coalesce(a.asked, 0) + 1
WITH a,
  a.askedAt IS NULL
    OR a.askedAt < datetime() - duration({seconds: $keepSeconds})
    OR (
      a.status IS NULL AND a.digest = $digest
      AND a.askedAt < datetime() - duration({seconds: $staleSeconds})
    ) AS claimed
FOREACH (x IN CASE WHEN claimed THEN [1] ELSE [] END |
  SET a.askedAt = datetime(), a.digest = $digest, a.holder = $holder
  REMOVE a.status, a.body, a.media
)
RETURN a.digest AS digest, claimed, a.status AS status, a.body AS body,
  a.media AS media
LIMIT 1
