"""The app over a counter that is made up, to be looked at: ``python -m tests.tui.run [en|ja]``."""

import sys

from tests.doubles.counter import shop
from tui.app import CounterApp
from tui.widgets.cardslot import TrayCard
from tui.wording import Words

TRAY = (
    TrayCard(name="花子", address="soft:hanako"),
    TrayCard(name="太郎", address="soft:taro"),
)

if __name__ == "__main__":
    CounterApp(shop, Words("en" if "en" in sys.argv else "ja"), tray=TRAY).run()
