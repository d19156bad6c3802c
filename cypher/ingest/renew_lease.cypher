// Hold a lease for some seconds more, unless another holder's is still running.
// mode: write
// params: $name string, $holder string, $seconds integer (s)
// returns: held boolean
// timeout: 5 s
MERGE (l:Lease {name: $name})
SET l.asked = coalesce(l.asked, 0) + 1
WITH l,
  coalesce(l.holder = $holder OR l.until < datetime.realtime(), true) AS held
FOREACH (once IN CASE WHEN held THEN [1] ELSE [] END |
  SET
    l.holder = $holder,
    l.until = datetime.realtime() + duration({seconds: $seconds})
)
RETURN held
