// Link facts to the case that they tell about.
// mode: write
// params: $rows list<map>
// returns: nothing
// timeout: 10 s
UNWIND $rows AS row
MATCH (f:Fact {key: row.key})
MATCH (c:Case {caseId: row.caseId})
MERGE (f)-[:ABOUT]->(c)
