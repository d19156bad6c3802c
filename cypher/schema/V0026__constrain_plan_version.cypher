// One node for each version of the plan.
CREATE CONSTRAINT uniquePlanVersion IF NOT EXISTS
FOR (p:PlanVersion) REQUIRE p.version IS UNIQUE
