GS: bytes
PAPER_FULL_CUT: bytes
PAPER_PART_CUT: bytes
