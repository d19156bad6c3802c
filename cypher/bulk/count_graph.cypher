// How much is in the graph?
// mode: read
// params: none
// returns: nodes integer, relationships integer, facts integer,
//   migrations integer
// timeout: 10 s
RETURN COUNT { () } AS nodes, COUNT { ()-->() } AS relationships,
  COUNT { (:Fact) } AS facts, COUNT { (:Migration) } AS migrations
LIMIT 1
