"""Bytes for a printer -> the paper as emupos draws it; run by the Python that has emupos.

``python emupos_draw.py WIDTH < bytes > paper.png``. Leaves with 1 and the names of commands on
standard error where emupos does not know one.
"""

import json
import sys

# emupos is in an environment of its own, where no type checker looks.
from emupos.config import FontCell, PrinterProfile  # type: ignore[import-not-found]
from emupos.printer.printer import Printer  # type: ignore[import-not-found]

PROFILE = PrinterProfile(
    type="printer",
    name="as wide as asked",
    dpi=203,
    width_dots=int(sys.argv[1]),
    font_a=FontCell(width=12, height=24),
    font_b=FontCell(width=9, height=17),
    code_pages={0: "PC437"},
    default_code_page=0,
    drawer_sensor_open_level="high",
)


def main() -> int:
    """Print everything on one connection, and write the one sheet that comes out."""
    printer = Printer("paper", PROFILE, sensor_open_level="high", job_idle_timeout_ms=1000)
    told = printer.open_connection("till", 0.0)
    told += printer.receive("till", sys.stdin.buffer.read(), 0.0)
    told += printer.close_connection("till", 0.0)
    unknown = [event.data for event in told.events if "unknown" in event.type]
    if unknown or len(told.receipts) != 1:
        sys.stderr.write(json.dumps({"sheets": len(told.receipts), "unknown": unknown}))
        return 1
    sys.stdout.buffer.write(told.receipts[0].png)
    return 0


if __name__ == "__main__":
    sys.exit(main())
