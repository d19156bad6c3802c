// Keep what is said of members; of two values the one of the later time wins.
// mode: write
// params: $rows list<map>
// returns: nothing
// timeout: 30 s
UNWIND $rows AS row
MATCH (m:Member {memberId: row.memberId})
FOREACH (once IN CASE
  WHEN row.joinedAt IS NOT NULL
    AND coalesce(datetime(row.joinedAt) < m.joinedAt, true)
    THEN [1]
  ELSE []
END |
  SET m.joinedAt = datetime(row.joinedAt)
)
FOREACH (once IN CASE
  WHEN row.role IS NOT NULL
    AND coalesce(m.roleAt <= datetime(row.roleAt), true)
    THEN [1]
  ELSE []
END |
  SET m.role = row.role,
    m.roleAt = datetime(row.roleAt)
)
FOREACH (once IN CASE
  WHEN row.status IS NOT NULL
    AND coalesce(m.statusAt <= datetime(row.statusAt), true)
    THEN [1]
  ELSE []
END |
  SET m.status = row.status,
    m.statusAt = datetime(row.statusAt)
)
FOREACH (once IN CASE
  WHEN row.communityId IS NOT NULL
    AND coalesce(m.communityAt <= datetime(row.communityAt), true)
    THEN [1]
  ELSE []
END |
  SET m.communityId = row.communityId,
    m.communityAt = datetime(row.communityAt)
)
FOREACH (once IN CASE
  WHEN row.kyc IS NOT NULL
    AND coalesce(m.kycAt <= datetime(row.kycAt), true)
    THEN [1]
  ELSE []
END |
  SET m.kyc = row.kyc,
    m.kycAt = datetime(row.kycAt)
)
FOREACH (once IN CASE
  WHEN row.taxRegistered IS NOT NULL
    AND coalesce(m.taxRegisteredAt <= datetime(row.taxRegisteredAt), true)
    THEN [1]
  ELSE []
END |
  SET m.taxRegistered = row.taxRegistered,
    m.taxRegisteredAt = datetime(row.taxRegisteredAt)
)
