"""What the hub's shell commands share: who asks, where the hub is, and how answers are said."""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from unicodedata import east_asian_width

import click
import msgspec

from hub.client import HubClient
from hub.forms import Answered, BankForm
from sync.clock import tokyo
from sync.errors import Damaged, Malformed, RefusedByRule
from sync.values import Millis

Command = Callable[..., object]
"""The time that people read; scripts get milliseconds."""
PATIENCE = 60.0
"""Seconds for an answer; closing a large window takes a while."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Where the hub is and whose token is used, as the command line says."""

    hub: str
    token_file: str
    tls_pin: str
    as_json: bool

    @contextmanager
    def client(self, *, joining: bool = False, token: str = "") -> Iterator[HubClient]:
        """A client that is closed afterwards; raises Malformed when something is not said."""
        from sync.http import HttpDoor

        if not self.hub:
            raise Malformed("say which hub: --hub URL, or MACHIKADO_HUB")
        try:
            pin = bytes.fromhex(self.tls_pin) if self.tls_pin else None
        except ValueError:
            raise Malformed("--tls-pin: 64 hexadecimal digits") from None
        token = "" if joining else token or self._token()
        door = HttpDoor(self.hub, pin=pin, timeout=PATIENCE)
        try:
            yield HubClient(door, token)
        finally:
            door.close()

    def _token(self) -> str:
        if self.token_file:
            return read_file(self.token_file).strip()
        token = os.environ.get("MACHIKADO_TOKEN", "")
        if token:
            return token
        from hub import sessions

        there = sessions.kept(self.hub)
        if there is None:
            raise Malformed(
                "say who you are: machikado hub sign-in NAME, --token-file F, or MACHIKADO_TOKEN"
            )
        return there.token


def as_person(command: Command) -> Command:
    """Options of a command that a person asks the hub for; it receives an :class:`Asker`."""

    @wraps(command)
    def with_asker(
        *, hub: str, token_file: str, tls_pin: str, as_json: bool, **rest: object
    ) -> object:
        context = click.get_current_context()
        named: dict[str, str] = context.find_root().meta.get("machikado.hub", {})
        asker = Asker(
            hub=hub or named.get("hub", ""),
            token_file=token_file or named.get("token_file", ""),
            tls_pin=tls_pin or named.get("tls_pin", ""),
            as_json=as_json,
        )
        return command(asker=asker, **rest)

    decorated: Command = with_asker
    for option in (
        click.option("--json", "as_json", is_flag=True, help="One object a line, for scripts."),
        click.option("--tls-pin", default="", metavar="HEX", help="SHA-256 of the hub's TLS key."),
        click.option("--token-file", default="", metavar="F", help="Your token; - is stdin."),
        click.option("--hub", default="", envvar="MACHIKADO_HUB", metavar="URL"),
    ):
        decorated = option(decorated)
    return decorated


def bank_options(command: Command) -> Command:
    """Options that name a bank account; the command receives a :class:`BankForm`."""

    @wraps(command)
    def with_bank(
        *, bank: str, branch: str, account_type: str, account: str, holder: str, **rest: object
    ) -> object:
        form = BankForm(
            bank=bank, branch=branch, account_type=account_type, account=account, holder=holder
        )
        return command(bank=form, **rest)

    decorated: Command = with_bank
    for name, words in (
        ("--holder", "The account's holder, in kana."),
        ("--account", "The account's number."),
        ("--account-type", "1 ordinary, 2 current, 4 savings, 9 other."),
        ("--branch", "Three digits."),
        ("--bank", "Four digits."),
    ):
        decorated = click.option(name, required=True, help=words)(decorated)
    return decorated


class NewFile(click.ParamType[Path]):
    """A file that is to be written; asked about before anything else happens."""

    name = "file"

    def convert(
        self, value: str | Path, param: click.Parameter | None, ctx: click.Context | None
    ) -> Path:
        """The path; fails where no file can be."""
        path = Path(value)
        if path.is_dir():
            self.fail(f"{path} is a folder", param, ctx)
        if not path.parent.is_dir():
            self.fail(f"there is no folder {path.parent}: make it first", param, ctx)
        if not os.access(path if path.exists() else path.parent, os.W_OK):
            self.fail(f"{path} may not be written", param, ctx)
        return path


NEW_FILE = NewFile()
"""The type of every option that names a file to write."""


def say(value: msgspec.Struct, asker: Asker, words: str) -> None:
    """One answer: words for people, or one JSON object."""
    click.echo(msgspec.json.encode(value).decode() if asker.as_json else words)


def say_whole(value: msgspec.Struct, asker: Asker) -> None:
    """One thing with all that is known of it."""
    say(value, asker, details(value))


def say_rows(rows: Sequence[msgspec.Struct], asker: Asker) -> None:
    """A list: one JSON object a line, or columns under their names."""
    if asker.as_json:
        for row in rows:
            click.echo(msgspec.json.encode(row).decode())
    elif not rows:
        click.echo("nothing")
    else:
        click.echo(table(rows))


def say_answer(answer: Answered, asker: Asker, done: str) -> None:
    """What became of a command."""
    waits = f"it waits for a second person, who approves {answer.pending}"
    say(answer, asker, waits if answer.pending else done)


def table(rows: Sequence[msgspec.Struct]) -> str:
    """Rows as columns; wide characters count two."""
    lines = [list(rows[0].__struct_fields__), *(_cells(row) for row in rows)]
    widths = [max(_width(cell) for cell in column) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(
            cell + " " * (width - _width(cell)) for cell, width in zip(line, widths, strict=True)
        ).rstrip()
        for line in lines
    )


def details(value: msgspec.Struct) -> str:
    """One thing, a member a line; what it is made of stands below, set in."""
    lines = []
    for name, cell in zip(value.__struct_fields__, _cells(value), strict=True):
        parts = getattr(value, name)
        if isinstance(parts, list):
            for part in parts:
                lines.append(f"{name}:")
                lines += [f"    {line}" for line in details(part).splitlines()]
        else:
            lines.append(f"{name}: {cell}")
    return "\n".join(lines)


def read_bytes(name: str) -> bytes:
    """A file's bytes, ``-`` is standard input; raises Malformed."""
    if name == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(name).read_bytes()
    except OSError as error:
        raise Malformed(f"{name} cannot be read: {error.strerror}") from None


def read_file(name: str) -> str:
    """A file's text in UTF-8, ``-`` is standard input; raises Malformed."""
    try:
        return read_bytes(name).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Malformed(f"{name} is no text in UTF-8: byte {error.start}") from None


def write_new(path: Path, data: bytes, *, private: bool = False) -> None:
    """Write a file that must not be there yet, or that holds the same.

    Raises RefusedByRule, Damaged when the disk does not take it.
    """
    mode = 0o600 if private else 0o644
    try:
        if path.exists() and path.read_bytes() != data:
            raise RefusedByRule("file-exists", f"{path} is there already and holds something else")
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise Damaged(f"{path} cannot be written: {error.strerror}") from None


def _cells(value: msgspec.Struct) -> list[str]:
    """Each member as people read it."""
    return [
        _cell(getattr(value, field.name), moment=field.type is Millis)
        for field in msgspec.structs.fields(value)
    ]


def _cell(value: object, *, moment: bool) -> str:
    match value:
        case int() if moment:
            return f"{tokyo(Millis(value)):%Y-%m-%d %H:%M:%S}" if value else "-"
        case tuple():
            return " ".join(str(part) for part in value)
        case dict():
            return " ".join(f"{name}={part}" for name, part in value.items())
    return str(value)


def _width(text: str) -> int:
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text)
