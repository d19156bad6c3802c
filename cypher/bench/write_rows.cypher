// What does it take to write these rows and nothing else?
// mode: write
// params: $rows list<map>
// returns: nothing
// timeout: 60 s
UNWIND $rows AS row
CREATE (:BenchRow {
  key: row.key, type: row.type, time: row.time, data: row.data
})
