"""HTTP: the node's door as it is, and people's endpoints in JSON with bearer tokens."""
