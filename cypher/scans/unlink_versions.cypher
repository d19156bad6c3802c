// Let go of what these versions were about.
// mode: write
// params: $versionIds list<string>
// returns: nothing
// timeout: 30 s
UNWIND $versionIds AS versionId
MATCH (v:AlertVersion {versionId: versionId})-[r:ALERTS|ALERTS_ON]->()
DELETE r
