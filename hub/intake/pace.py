"""How many records a posting takes, so that it holds the ledger for some 50 ms.

A hold, a custody, a page of the feed wait behind a posting that is being written. So each posting
says how long it took, and the next one takes as many as fit: fewer on a slow disk or beside busy
neighbours, more where they pass quickly, since a commit costs the same for one record as for
thousands.
"""

AIM = 50
"""Milliseconds that a posting should hold the ledger for."""
LEAST = 256
"""However slow it is: below this the commit itself is what takes the time."""
FIRST = 1_024
MOST = 8_192
"""However quickly they pass."""


class Pace:
    """What one process has learnt of its own postings."""

    def __init__(self) -> None:
        self.most = min(FIRST, MOST)
        """Records in the next posting, or few more: a batch is posted whole."""

    def took(self, records: int, ms: int) -> None:
        """A posting of so many records took so long."""
        if ms > AIM:
            self.most = max(min(LEAST, MOST), min(self.most, records * AIM // ms))
        elif ms <= AIM // 2 and records >= self.most:
            self.most = min(2 * self.most, MOST)
