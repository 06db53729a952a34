"""The three panes of a submission: source, ledger, FHIR; each line knows its partners in the other two."""
