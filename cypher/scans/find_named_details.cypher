// Which of what was said of alerts names one of these tokens?
// mode: read
// params: $tokens list<string>
// returns: versionIds list<string>, details list<string>
// timeout: 60 s
MATCH (v:AlertVersion)
WHERE v.number >= 0 AND any(token IN $tokens WHERE v.details CONTAINS token)
WITH v
ORDER BY v.versionId
RETURN collect(v.versionId) AS versionIds, collect(v.details) AS details
