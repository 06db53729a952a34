"""What tabular tables call by name."""
