"""A printer at a serial port. The only pyserial import."""

from printer.destinations import ToSerial
from printer.errors import NotPrinted, Trouble
from printer.transports import refused

_BITS = 12
"""For each byte on the line: start, 8 bits, stop, and pauses."""


class SerialPort:
    """An open serial port, 8N1."""

    def __init__(self, to: ToSerial) -> None:
        """Open it for us alone. Raises :class:`NotPrinted`."""
        try:
            import serial
        except ImportError as error:
            raise NotPrinted(
                Trouble.NO_DRIVER, "pyserial is missing: serial ports cannot be used."
            ) from error
        self.name = to.device
        self.speed = to.baud // _BITS
        try:
            self._port = serial.Serial(to.device, to.baud, exclusive=True)
        except OSError as error:  # also pyserial's own
            raise refused(to.device, error) from error
        self._keep_pace()
        self._port.reset_input_buffer()  # what it said to whoever was here before

    def _keep_pace(self) -> None:
        """Stop sending while the printer is busy, where the cable has a wire for it.

        A receipt printer raises DTR while it has room; the usual cable leads that to our CTS. With
        three wires CTS is never set, and waiting for it would be for ever.
        """
        try:
            self._port.rtscts = self._port.cts
        except OSError:  # no modem lines: a pseudo terminal, some adapters
            self._port.rtscts = False

    def send(self, data: bytes, wait: float) -> None:
        """Hand over every byte within ``wait`` seconds."""
        self._port.write_timeout = wait
        self._port.write(data)

    def receive(self, wait: float) -> bytes:
        """What has come, after at most ``wait`` seconds; empty when nothing has."""
        self._port.timeout = wait
        first = self._port.read(1)
        return first + self._port.read(self._port.in_waiting) if first else b""

    def close(self) -> None:
        """Let go of it."""
        self._port.close()


def serial_ports() -> tuple[tuple[str, str], ...]:
    """The serial ports there are, as (device, what it says it is)."""
    try:
        from serial.tools import list_ports
    except ImportError:
        return ()
    return tuple(
        (port.device, port.description)
        for port in sorted(list_ports.comports())
        if port.hwid != "n/a"  # a PC's unused built-in ports: Linux lists 32 of them
    )
