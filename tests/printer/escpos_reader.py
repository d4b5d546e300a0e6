"""A strict reader of the ESC/POS commands we send: bytes -> commands -> the paper they make.

Written from Epson's command reference, not from our writer. Any byte it does not expect is an
error: a printer would print it as a letter.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from PIL import Image

DOTS_MOST = 72 * 8


class NotUnderstood(Exception):
    """A byte that none of our commands has at this place."""


class Unfinished(Exception):
    """The bytes end within a command."""


@dataclass(frozen=True, slots=True)
class Command:
    """One command by Epson's name, with what it was given; ``LINE`` is text up to its line feed."""

    name: str
    data: bytes
    raw: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Letters of one look."""

    text: str
    wide: int = 1
    high: int = 1
    bold: bool = False
    inverse: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the printer's own letters."""

    runs: tuple[Run, ...]
    align: int

    @property
    def text(self) -> str:
        return "".join(run.text for run in self.runs)

    @property
    def cells(self) -> int:
        """Half-width letters of normal size that it is wide."""
        return sum(len(run.text.encode("cp932")) * run.wide for run in self.runs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """A QR code that the printer makes."""

    text: str
    module: int
    level: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One sheet from reset to its end: what stands on it from top to bottom."""

    picture: Image.Image
    """Every drawn band under the other."""
    blocks: tuple[Line | Code | Image.Image, ...]
    fed_lines: int
    cut: str
    kicks: int
    raw: bytes

    @property
    def lines(self) -> list[Line]:
        return [block for block in self.blocks if isinstance(block, Line)]

    @property
    def codes(self) -> list[Code]:
        return [block for block in self.blocks if isinstance(block, Code)]


_FIXED = {  # name: (bytes, how many bytes are its parameters)
    "ESC @": (b"\x1b@", 0),
    "GS P": (b"\x1dP", 2),
    "FS C": (b"\x1cC", 1),
    "FS &": (b"\x1c&", 0),
    "FS .": (b"\x1c.", 0),
    "ESC a": (b"\x1ba", 1),
    "ESC E": (b"\x1bE", 1),
    "ESC J": (b"\x1bJ", 1),
    "ESC d": (b"\x1bd", 1),
    "ESC p": (b"\x1bp", 3),
    "GS !": (b"\x1d!", 1),
    "GS B": (b"\x1dB", 1),
    "GS V": (b"\x1dV", 1),
    "GS r": (b"\x1dr", 1),
    "DLE EOT": (b"\x10\x04", 1),
    "DLE DC4": (b"\x10\x14\x08", 7),
}
_CUTS = {b"\x00": "full", b"\x01": "partial"}
_ALLOWED = {
    "FS C": {b"\x01"},
    "ESC a": {b"\x00", b"\x01", b"\x02"},
    "ESC E": {b"\x00", b"\x01"},
    "GS B": {b"\x00", b"\x01"},
    "GS V": set(_CUTS),
    "GS r": {b"\x01"},
    "GS P": {b"\xcb\xcb"},
    "ESC p": {b"\x00\x19\xfa"},
    "DLE EOT": {b"\x01", b"\x02", b"\x03", b"\x04"},
    "DLE DC4": {b"\x01\x03\x14\x01\x06\x02\x08"},
}


def next_command(data: bytes, at: int) -> Command:
    """The command that begins at a place. Raises NotUnderstood, or Unfinished at the end."""
    if at == len(data):
        raise Unfinished
    for name, (opening, parameters) in _FIXED.items():
        if data.startswith(opening, at):
            end = at + len(opening) + parameters
            given = data[at + len(opening) : end]
            if len(given) < parameters:
                raise Unfinished
            if given not in _ALLOWED.get(name, {given}):
                raise NotUnderstood(f"{name} {given.hex(' ')} at {at}")
            return Command(name, given, data[at:end])
    if data.startswith(b"\x1dv0", at):
        return _raster(data, at)
    if data.startswith((b"\x1d(k", b"\x1d(H"), at):
        return _extended(data, at)
    if data[at] in b"\x10\x1b\x1c\x1d":
        if len(data) - at < 3:
            raise Unfinished
        raise NotUnderstood(f"{data[at : at + 3].hex(' ')} at {at}")
    return _line(data, at)


def _raster(data: bytes, at: int) -> Command:
    """GS v 0 m xL xH yL yH d1...dk: raster bit image."""
    if len(data) < at + 8:
        raise Unfinished
    across = int.from_bytes(data[at + 4 : at + 6], "little")
    down = int.from_bytes(data[at + 6 : at + 8], "little")
    if data[at + 3] != 0 or not 0 < across <= 72 or not 0 < down <= 2303:
        raise NotUnderstood(f"raster of {across} bytes by {down} rows at {at}")
    end = at + 8 + across * down
    if len(data) < end:
        raise Unfinished
    return Command("GS v 0", data[at + 4 : end], data[at:end])


def _extended(data: bytes, at: int) -> Command:
    """GS ( k and GS ( H with pL pH and that many bytes."""
    if len(data) < at + 5:
        raise Unfinished
    end = at + 5 + int.from_bytes(data[at + 3 : at + 5], "little")
    if len(data) < end:
        raise Unfinished
    return Command(f"GS ( {data[at + 2 : at + 3].decode()}", data[at + 5 : end], data[at:end])


def _line(data: bytes, at: int) -> Command:
    """Letters up to the line feed, or to the next command that changes their look."""
    end = at
    while end < len(data) and data[end] not in b"\x0a\x10\x1b\x1c\x1d":
        double = 0x81 <= data[end] <= 0x9F or 0xE0 <= data[end] <= 0xFC
        if not double and not 0x20 <= data[end] <= 0x7D:
            raise NotUnderstood(f"{data[end]:02x} at {end} is no letter of ours")
        end += 1 + double
    if end >= len(data):
        raise Unfinished
    if data[end] == 0x0A:
        return Command("LINE", data[at:end], data[at : end + 1])
    if end == at:
        raise NotUnderstood(f"{data[end]:02x} at {end}")
    return Command("LETTERS", data[at:end], data[at:end])


def commands(data: bytes) -> Iterator[Command]:
    """All of them; what ends too early is an error."""
    at = 0
    while at < len(data):
        try:
            command = next_command(data, at)
        except Unfinished:
            raise NotUnderstood("it ends within a command") from None
        at += len(command.raw)
        yield command


@dataclass(slots=True)
class _Paper:
    """One sheet while it is printed."""

    blocks: list[Line | Code | Image.Image] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    kanji: bool = False
    wide: int = 1
    high: int = 1
    bold: bool = False
    inverse: bool = False
    align: int = 0
    code: dict[int, bytes] = field(default_factory=dict)
    fed: int = 0
    cut: str = "none"
    kicks: int = 0
    raw: bytes = b""

    def take(self, command: Command) -> None:  # noqa: PLR0912  one branch a command
        self.raw += command.raw
        match command.name:
            case "GS v 0":
                self.blocks.append(_picture(command.data))
            case "LINE" | "LETTERS":
                self._letters(command)
            case "FS &":
                self.kanji = True
            case "FS .":
                self.kanji = False
            case "GS !":
                self.wide, self.high = (command.data[0] >> 4) + 1, (command.data[0] & 15) + 1
            case "ESC E":
                self.bold = command.data == b"\x01"
            case "GS B":
                self.inverse = command.data == b"\x01"
            case "ESC a":
                if self.runs:
                    raise NotUnderstood("ESC a counts at the beginning of a line only")
                self.align = command.data[0]
            case "GS ( k":
                self._code(command.data)
            case "ESC d":
                self.fed = command.data[0]
            case "GS V":
                self.cut = _CUTS[command.data]
            case "ESC p":
                self.kicks += 1

    def _letters(self, command: Command) -> None:
        if not self.kanji:
            raise NotUnderstood("letters outside of Kanji mode")
        words = command.data.decode("cp932")
        if words:
            self.runs.append(
                Run(
                    text=words,
                    wide=self.wide,
                    high=self.high,
                    bold=self.bold,
                    inverse=self.inverse,
                )
            )
        if command.name == "LINE":
            self.blocks.append(Line(runs=tuple(self.runs), align=self.align))
            self.runs = []

    def _code(self, data: bytes) -> None:
        """GS ( k cn=49: model, module, correction, store, print."""
        if data[0] != 0x31:
            raise NotUnderstood("a code that is no QR")
        self.code[data[1]] = data[2:]
        if data[1] == 0x51:
            if self.code[0x41] != b"2\x00" or self.code[0x50][:1] != b"0":
                raise NotUnderstood("a QR code of another model")
            self.blocks.append(
                Code(
                    text=self.code[0x50][1:].decode("ascii"),
                    module=self.code[0x43][0],
                    level="LMQH"[self.code[0x45][0] - 48],
                )
            )

    def done(self) -> Sheet:
        if self.runs:
            raise NotUnderstood("a line without its end")
        pictures = [block for block in self.blocks if isinstance(block, Image.Image)]
        return Sheet(
            picture=_stack(pictures) if pictures else Image.new("1", (1, 1), 1),
            blocks=tuple(self.blocks),
            fed_lines=self.fed,
            cut=self.cut,
            kicks=self.kicks,
            raw=self.raw,
        )


def read_sheets(data: bytes) -> list[Sheet]:
    """The sheets that come out; each begins with a reset and ends with its feed and cut."""
    sheets: list[Sheet] = []
    paper: _Paper | None = None
    for command in commands(data):
        if command.name == "ESC @":
            if paper is not None:
                sheets.append(_whole(paper))
            paper = _Paper()
        if paper is None or (paper.fed and command.name not in ("GS V", "ESC p")):
            raise NotUnderstood(f"{command.name} stands outside of a sheet")
        paper.take(command)
    return sheets if paper is None else [*sheets, _whole(paper)]


def _whole(paper: _Paper) -> Sheet:
    if not paper.fed:
        raise NotUnderstood("a sheet that is not fed out")
    return paper.done()


def _picture(data: bytes) -> Image.Image:
    across, down = int.from_bytes(data[:2], "little"), int.from_bytes(data[2:4], "little")
    black_is_one = Image.frombytes("1", (across * 8, down), data[4:])
    return black_is_one.point(lambda dot: 255 - dot)


def _stack(bands: list[Image.Image]) -> Image.Image:
    paper = Image.new("1", (bands[0].width, sum(band.height for band in bands)), 1)
    top = 0
    for band in bands:
        paper.paste(band, (0, top))
        top += band.height
    return paper
