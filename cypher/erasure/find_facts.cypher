// Which facts of a stretch of the log, of these types, hold one of these texts?
// mode: read
// params: $after integer, $until integer, $types list<string>,
//   $texts list<string>
// returns: keys list<string>, types list<string>, data list<string>
// timeout: 60 s
MATCH (f:Fact)
WHERE f.seq > $after AND f.seq <= $until AND f.type IN $types
  AND any(text IN $texts WHERE f.data CONTAINS text)
RETURN collect(f.key) AS keys, collect(f.type) AS types,
  collect(f.data) AS data
