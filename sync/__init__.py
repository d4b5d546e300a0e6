"""What node and hub agree on: facts, decisions and the exchange. Knows nothing of either."""
