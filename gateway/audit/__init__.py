"""The audit trail: FHIR AuditEvents in a hash chain, written with the change that they speak of."""
