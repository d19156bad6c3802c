// The peer's statement: rows become nodes, and nothing else happens. It is no
// query of the service, so it stays out of cypher/ and of the graph's model.
UNWIND $rows AS row
CREATE (b:BenchRow)
SET b = row
