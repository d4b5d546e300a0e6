from typing import Protocol

class ListPortInfo(Protocol):
    device: str
    description: str
    hwid: str
    def __lt__(self, other: ListPortInfo) -> bool: ...

def comports() -> list[ListPortInfo]: ...
