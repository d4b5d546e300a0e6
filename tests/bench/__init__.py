"""What the walls are, and how near we stand: ``python -m tests.bench``."""
