"""Steps of the identities."""
