"""One counter, alone if it must be."""
