"""What form tables call by name."""
