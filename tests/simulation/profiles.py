"""Kinds of towns: what is common there, and what goes wrong more often than elsewhere."""

from dataclasses import dataclass, field

from tests.simulation.keys import RESIDENTS

FAULTS = {
    "lose-request": 0.03,
    "delay": 0.5,
    "hold-up": 0.02,
    "late": 0.2,
    "echo": 0.02,
    "repeat": 0.03,
    "late-answer": 0.03,
    "lose-answer": 0.04,
    "crash-before-send": 0.002,
    "crash-after-answer": 0.004,
    "crash-before-sign": 0.005,
    "crash-after-sign": 0.01,
    "crash-before-commit": 0.0015,
    "crash-after-commit": 0.0015,
    "overtake": 0.3,
    "too-late": 0.2,
    "hub-busy": 0.05,
    "hub-crash-before-commit": 0.002,
    "hub-crash-after-commit": 0.002,
}


@dataclass(frozen=True, kw_only=True)
class Profile:
    """What people do in a town, and how often."""

    acts: dict[str, float]
    """Weights of :data:`tests.simulation.world.DOINGS`."""
    worse: dict[str, float] = field(default_factory=dict)
    """Faults with other chances than :data:`FAULTS`."""
    residents: int = RESIDENTS
    grants: tuple[int, ...] = (100, 500, 1_000, 2_000)
    busy: int = 6
    """How much happens in a day."""
    rush: float = 0.2
    """The chance that the next thing happens within a minute, at the same counter."""
    silent: bool = False
    """Every line is down by day."""
    mended: float = 0.5
    """The chance that a line that is down comes back in the evening."""
    closed: float = 0.0
    """The chance of a day that somebody's card is closed, or opens again; with it the town has an
    issuer whose lists are late now and then."""
    piles: bool = False
    """There is a ticket counter, where shops bring the paper that they stamped."""
    long_lines: bool = False
    """Answers take so long that the next batch is sent before."""
    synced: float = 0.7
    """The chance that a node's schedule wakes up in the evening."""


PROFILES = {
    "usual": Profile(
        acts={
            "spend": 12.0,
            "grant": 4,
            "redeem": 4,
            "issue": 2,
            "reverse": 2,
            "sync": 2,
            "cut": 2,
            "drop": 1,
            "reboot": 1,
            "save": 0.3,
            "set_back": 0.15,
            "forge": 0.3,
            "carry": 0.3,
            "clone": 0.03,
        },
    ),
    "offline": Profile(
        acts={"spend": 14, "grant": 2, "reverse": 3, "cut": 3, "drop": 1, "carry": 2, "forge": 2},
        worse={"hub-busy": 0.85},
        residents=2,
        grants=(300, 1_000),
        mended=0.3,
        synced=0.6,
    ),
    "festival": Profile(
        acts={"spend": 24, "grant": 6, "reverse": 3, "carry": 2},
        worse={"hub-busy": 0.4},
        residents=3,
        grants=(2_000, 3_000),
        busy=14,
        silent=True,
        mended=1.0,
        synced=1.0,
    ),
    "paper": Profile(
        acts={
            "issue": 14,
            "redeem": 14,
            "photocopy": 10,
            "reverse": 6,
            "grant": 6,
            "cut": 3,
            "sync": 3,
            "spend": 1,
        },
        worse={"lose-answer": 0.1, "late-answer": 0.1, "crash-after-answer": 0.03},
        residents=2,
        rush=0.4,
    ),
    "flaky": Profile(
        acts={"spend": 12, "grant": 4, "sync": 12, "drop": 4, "reverse": 1},
        worse={"hold-up": 0.4, "lose-request": 0.05, "late": 0.3, "echo": 0.1},
        residents=2,
        busy=10,
        rush=0.7,
    ),
    "expiry": Profile(
        acts={"spend": 12, "grant": 5, "cut": 3, "reverse": 1},
        residents=2,
        grants=(300, 500),
        mended=0.3,
    ),
    "lost cards": Profile(
        acts={"spend": 16, "grant": 4, "reverse": 1, "cut": 3, "sync": 2, "drop": 1},
        residents=3,
        busy=12,
        closed=0.4,
        mended=0.5,
        synced=0.8,
    ),
    "copies": Profile(
        acts={"spend": 10, "grant": 4, "reverse": 1, "save": 2, "set_back": 1, "clone": 0.5},
        residents=2,
    ),
    "storm": Profile(
        acts={
            "spend": 14,
            "grant": 4,
            "issue": 1,
            "redeem": 1,
            "sync": 6,
            "cut": 1,
            "save": 1.5,
            "set_back": 1,
        },
        worse={
            "hub-crash-before-commit": 0.1,
            "hub-crash-after-commit": 0.05,
            "crash-before-commit": 0.01,
            "crash-after-commit": 0.01,
            "crash-after-answer": 0.02,
        },
    ),
    "returns": Profile(
        acts={
            "spend": 6,
            "issue": 12,
            "redeem": 8,
            "photocopy": 5,
            "refund": 10,
            "void": 5,
            "lose": 5,
            "reverse": 2,
            "grant": 6,
            "cut": 3,
            "sync": 3,
        },
        worse={"lose-answer": 0.1, "late-answer": 0.1, "crash-after-answer": 0.02},
        residents=2,
        rush=0.4,
    ),
    "piles": Profile(
        acts={
            "spend": 2,
            "issue": 14,
            "redeem": 3,
            "photocopy": 2,
            "type": 5,
            "clear": 14,
            "refund": 3,
            "void": 4,
            "lose": 3,
            "reverse": 2,
            "grant": 10,
            "cut": 2,
            "sync": 3,
        },
        worse={"lose-answer": 0.1, "late-answer": 0.1, "crash-after-answer": 0.02},
        grants=(1_000, 2_000, 3_000),
        rush=0.4,
        busy=14,
        mended=0.7,
        piles=True,
    ),
    "long lines": Profile(
        acts={
            "spend": 24,
            "grant": 6,
            "redeem": 2,
            "issue": 2,
            "reverse": 3,
            "sync": 3,
            "cut": 3,
            "drop": 2,
            "reboot": 1,
            "save": 0.3,
            "set_back": 0.15,
            "clone": 0.03,
        },
        worse={"lose-answer": 0.1, "lose-request": 0.06, "echo": 0.1, "late": 0.3},
        grants=(1_000, 2_000, 3_000),
        busy=12,
        mended=0.6,
        long_lines=True,
    ),
}
