"""The words every room shares: records, ledger, issues, errors, exact JSON. Imports nothing of ours."""
