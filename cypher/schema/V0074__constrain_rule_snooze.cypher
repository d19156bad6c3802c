// One node for each RuleSnooze.
CREATE CONSTRAINT uniqueRuleSnooze IF NOT EXISTS
FOR (s:RuleSnooze) REQUIRE s.snoozeId IS UNIQUE
