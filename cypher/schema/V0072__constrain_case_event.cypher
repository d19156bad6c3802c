// One node for each CaseEvent.
CREATE CONSTRAINT uniqueCaseEvent IF NOT EXISTS
FOR (e:CaseEvent) REQUIRE e.eventId IS UNIQUE
