"""The hub's tables and the few statements that differ between databases."""
