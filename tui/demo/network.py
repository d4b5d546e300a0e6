"""The network as a switch: a node's way to the hub that can be cut and mended."""

from dataclasses import dataclass

from sync.errors import Unreachable
from sync.request import Door, Request, Response


@dataclass(slots=True)
class Switch:
    """Whether the network is up for one node."""

    up: bool = True


class SwitchedDoor:
    """A door that nothing passes while its switch is off."""

    def __init__(self, door: Door, switch: Switch) -> None:
        self._door = door
        self._switch = switch

    def send(self, request: Request) -> Response:
        """As the door behind it; raises Unreachable while the network is cut."""
        if not self._switch.up:
            raise Unreachable("the network is cut; nothing is lost")
        return self._door.send(request)

    def close(self) -> None:
        """Let go of the connections behind it."""
        if (close := getattr(self._door, "close", None)) is not None:
            close()
