"""What can go wrong between people, nodes and the hub, as one small tree.

    MachikadoError
    ├── Malformed        bytes or words from outside that do not have the shape they must have
    │   └── Garbled      they came from the other side: nobody here mistyped anything
    ├── NotAuthentic     a signature, a seal or a pin that does not hold
    ├── RefusedByRule    well-formed and authentic, but a rule says no (carries the rule's name)
    ├── Unreachable      the other side did not answer; nothing is lost
    │   ├── DatabaseAway the hub's own database did not answer, or lets nobody in
    │   └── Busy         it answered that it has too much to do now; nothing is lost
    │       ├── TooMany  it has room, but this caller asks for too much of it
    │       └── DatabaseBusy  another program has kept the hub's own database for too long
    ├── Damaged          what is stored does not add up
    ├── DiskFull         nothing can be stored until there is room; nothing is lost
    ├── NoAccess         a file or folder that may not be read or written; nothing is lost
    └── InUse            another program holds the folder

Every message says what happened and, where there is something to do, what to do.
"""


class MachikadoError(Exception):
    """Base of every error that a person may meet."""


class Malformed(MachikadoError):
    """Foreign bytes or words that do not have the shape they must have."""


class Garbled(Malformed):
    """An answer that has not the shape it must have: the other side may run another version."""


class NotAuthentic(MachikadoError):
    """A signature, a seal or a pin that does not hold."""


class RefusedByRule(MachikadoError):
    """A rule says no. ``reason`` is the stable English key that scripts read."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class Unreachable(MachikadoError):
    """The other side did not answer, or asked to wait. Nothing is lost.

    ``retry_after`` is what the other side asked for, in seconds, or None.
    """

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class DatabaseAway(Unreachable):
    """The hub's database does not answer, or lets nobody in: the hub is there. Nothing is lost."""


class Busy(Unreachable):
    """The other side is there and has too much to do: it asks to wait. Nothing is lost."""


class TooMany(Busy):
    """A caller asks more, or more at once, than it may: it is to wait. Nothing is lost."""


class DatabaseBusy(Busy):
    """Another program is at work in the hub's database, and has been for long. Nothing is lost."""


class Damaged(MachikadoError):
    """What is stored here does not add up; nothing was changed."""


class DiskFull(MachikadoError):
    """The disk is full: nothing of this action was kept, nothing before it was lost."""


class NoAccess(MachikadoError, OSError):
    """A file or folder of this PC may not be read or written; nothing is lost."""


class InUse(MachikadoError):
    """Another program holds the folder; its name and process number are told."""
