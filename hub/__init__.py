"""All counters, reconciled."""
