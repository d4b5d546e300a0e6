GS: bytes
HW_INIT: bytes
PAPER_FULL_CUT: bytes
RT_STATUS: bytes
