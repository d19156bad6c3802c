// Which versions of the plan were activated, in that order, and from when on
// do they hold? seq is null while the fact is not booked.
// mode: read
// params: none
// returns: number integer, version string, startsAt integer (us),
//   activatedAt integer (us), seq integer
// timeout: 5 s
MATCH (p:PlanVersion)<-[a:ACTIVATES]-(f:Fact)
RETURN a.number AS number, p.version AS version,
  a.startsAt.epochSeconds * 1000000 + a.startsAt.microsecond AS startsAt,
  f.time.epochSeconds * 1000000 + f.time.microsecond AS activatedAt,
  f.seq AS seq
ORDER BY number
LIMIT 10001
