"""Real programs that are killed, and disks that lose what was not synced."""
