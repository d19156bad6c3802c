// Link facts that activate a version of the plan with it.
// mode: write
// params: $rows list<map>
// returns: nothing
// timeout: 10 s
UNWIND $rows AS row
MATCH (f:Fact {key: row.key})
MERGE (p:PlanVersion {version: row.version})
  ON CREATE SET
    p.title = row.title,
    p.document = row.document,
    p.createdAt = f.time
MERGE (f)-[a:ACTIVATES]->(p)
  ON CREATE SET
    a.number = row.number,
    a.startsAt = datetime(row.startsAt)
