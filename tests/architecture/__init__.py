"""The house itself: what may import what, and what may stand in the files."""
