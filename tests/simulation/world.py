"""A town lives: day after day something happens, and in the end everything heals."""

from collections.abc import Callable
from datetime import date

from tests.doubles.clocks import at
from tests.simulation import counters, desks, piles, strangers
from tests.simulation.machine import Machine
from tests.simulation.profiles import PROFILES
from tests.simulation.town import Town

DOINGS: dict[str, Callable[[Town, Machine], None]] = {
    "spend": counters.spend,
    "drop": counters.drop,
    "reverse": counters.reverse,
    "issue": counters.issue,
    "redeem": counters.redeem,
    "photocopy": counters.photocopy,
    "refund": counters.refund,
    "void": counters.void,
    "lose": counters.lose,
    "clear": piles.clear,
    "type": piles.type_number,
    "sync": counters.sync,
    "cut": counters.cut,
    "reboot": counters.reboot,
    "save": counters.save,
    "set_back": counters.set_back,
    "clone": counters.clone,
    "forge": strangers.forge,
    "carry": strangers.carry,
    "grant": lambda town, _: desks.grant(town),
}
"""What can happen, at a machine, by the names that profiles use."""

LONG = 200
"""Days after which everything that people do in a town has come about at least once."""
_COMES_ABOUT: dict[str, tuple[str, ...]] = {
    "spend": ("spend",),
    "reverse": ("reverse",),
    "issue": ("issue",),
    "redeem": ("redeem",),
    "photocopy": ("redeem a photocopy",),
    "refund": ("refund",),
    "void": ("void",),
    "lose": ("void a lost one", "redeem what was lost"),
    "clear": ("clear online", "clear offline", "clear a typed number", "undo", "close a pile"),
    "type": ("redeem a typed number",),
}
"""What each doing comes to when it is not refused, as it is counted."""


class World(Town):
    """A town from one seed, and its days."""

    def __init__(self, seed: int, profile: str = "") -> None:
        """A seed lives in the profile that it names, unless told otherwise."""
        name = profile or list(PROFILES)[seed % len(PROFILES)]
        super().__init__(seed, PROFILES[name])
        self.days = 0
        self._busy = self.machines[0]

    def day(self) -> None:
        """One day of the town."""
        today = date.fromisoformat(self.today)
        if (today.month, today.day) == (4, 1) and self.days:
            desks.new_year(self)
        if self.profile.silent:
            for machine in self.machines:
                machine.road.up = False
        for _ in range(self.profile.busy):
            self._something()
        for machine in self.machines:
            if not machine.road.up and self.random.random() < self.profile.mended:
                counters.cut(self, machine)
            if self.random.random() < self.profile.synced:
                counters.sync(self, machine)
        if self.random.random() < 0.3:
            counters.shift(self, self.random.choice(self.machines))
        self._desks()
        self.days += 1
        tomorrow = at(f"{self.today} 00:00") + 86_400_000 + 9 * 3_600_000
        self.pass_time(max(1, (tomorrow - self.clock.now()) // 60_000))

    def never(self) -> list[str]:
        """What people here do, and what was refused each time: nothing was proved of it."""
        return [
            what
            for act in self.profile.acts
            for what in _COMES_ABOUT.get(act, ())
            if not self.happened[what]
        ]

    def _something(self) -> None:
        """The next thing that happens: within a minute at the same counter, or somewhere later."""
        if self.random.random() < self.profile.rush:
            self.pass_time(1)
        else:
            self.pass_time(self.random.randrange(10, 100))
            self._busy = self.random.choice(self.machines)
        acts = self.profile.acts
        name = self.random.choices(list(acts), list(acts.values()))[0]
        DOINGS[name](self, self._busy)

    def _desks(self) -> None:
        if self.profile.closed and self.random.random() < self.profile.closed:
            desks.close_cards(self)
        if self.days % 7 == 6:
            desks.decide(self)
        if self.days % 10 == 8:
            desks.close_windows(self)
        if self.days % 10 == 9:
            desks.pay(self)

    def heal(self) -> None:
        """Every line up, every machine running; hand in and take in until nothing moves."""
        self.dice.on = False
        for machine in self.machines:
            machine.road.up = True
            machine.road.forget()
        for _ in range(4):
            for machine in self.machines:
                counter = machine.start()
                counter.probe()
                counter.sync_now()
        desks.decide(self)
        for machine in self.machines:
            machine.start().sync_now()
