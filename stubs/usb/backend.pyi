from typing import Any

class IBackend:
    def __init__(self) -> None: ...

libusb0: Any
libusb1: Any
openusb: Any
