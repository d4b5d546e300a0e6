"""A town in a box: real nodes, a real hub, a network and machines that fail on purpose.

Seeded and deterministic: the same seed prints the same trace. Ends with heal-and-drain, after which
everything that was acknowledged must be at the hub once, and the books must add up.
"""
