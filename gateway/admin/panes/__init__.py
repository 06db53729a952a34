"""The three panes of a submission: its source, its ledger, what came out; each line knows its partners in the others."""
