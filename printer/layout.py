"""A document as blocks, from top to bottom, each line broken for one width of paper.

:func:`compose` says what stands under what; :func:`lay_out` also breaks lines and chooses sizes,
so that drawing needs no more decisions. Both are pure: how wide a text is, is asked of a
:data:`Measure`. Lengths are dots; receipt printers have 8 dots to the millimetre (203 dpi).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Literal, assert_never

from printer.documents import Document, Language, Slip, Takings, Ticket, ZReport
from printer.words import (
    KINDS,
    SETTLED,
    SLIP_TITLES,
    Word,
    aloud,
    amount,
    day,
    grouped,
    minute,
    unit,
)
from printer.wrap import wrap

SMALL = 21
NORMAL = 25
LARGE = 32
TITLE = 46
FIGURES = (120, 108, 96, 84, 72, 60, 48)
"""Heights an amount may take, the largest first: the first that fits is used."""
ROW_GAP = 16
"""The least space between the two ends of a row."""

Align = Literal["left", "centre", "right"]
Measure = Callable[[str, int, bool], int]
"""(text, size, bold) -> dots from the left end to the right."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """Words. After :func:`lay_out` each is one line that fits."""

    text: str
    size: int = NORMAL
    align: Align = "left"
    bold: bool = False
    inverse: bool = False
    """White on a black bar over the whole width."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A label at the left, a value at the right, on one line."""

    left: str
    right: str
    size: int = NORMAL
    bold: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """The amount, as large as the paper lets it be, with its unit on the same line."""

    number: str
    unit: str
    size: int = FIGURES[0]

    @property
    def unit_size(self) -> int:
        """The unit is read second."""
        return max(NORMAL, self.size * 2 // 5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A line across the paper."""

    dashed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class QR:
    """A QR code (ISO/IEC 18004) of letters of the alphanumeric mode."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StampBoxes:
    """Empty boxes side by side, each saying whose stamp goes there."""

    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Space:
    """White."""

    dots: int


Block = Text | Row | Figure | Rule | QR | StampBoxes | Space


def compose(document: Document) -> tuple[Block, ...]:
    """The blocks of a document, not yet broken for a width."""
    match document:
        case Ticket():
            blocks = _ticket(document)
        case Slip():
            blocks = _slip(document)
        case ZReport():
            blocks = _z_report(document)
        case _:
            assert_never(document)
    return (*_marks(document), *blocks)


def lay_out(document: Document, width: int, measure: Measure) -> tuple[Block, ...]:
    """The blocks of a document, every line at most ``width`` dots wide."""
    return tuple(line for block in compose(document) for line in _fit(block, width, measure))


def _fit(block: Block, width: int, measure: Measure) -> Iterator[Block]:
    match block:
        case Text():
            lines = wrap(block.text, width, lambda line: measure(line, block.size, block.bold))
            yield from (replace(block, text=line) for line in lines)
        case Row():
            ends = (measure(end, block.size, block.bold) for end in (block.left, block.right))
            if sum(ends) + ROW_GAP <= width:
                yield block
                return
            left = Text(text=block.left, size=block.size, bold=block.bold)
            yield from _fit(left, width, measure)
            yield from _fit(replace(left, text=block.right, align="right"), width, measure)
        case Figure():
            yield from _fit_figure(block, width, measure)
        case _:
            yield block


def _fit_figure(figure: Figure, width: int, measure: Measure) -> Iterator[Block]:
    # White at both sides, as wide as a letter: an amount that touches the edge looks cut off.
    room = width - 2 * NORMAL
    for size in FIGURES:
        tried = replace(figure, size=size)
        number = measure(tried.number, size, True)
        if number + size // 6 + measure(tried.unit, tried.unit_size, True) <= room:
            yield tried
            return
    size = next((s for s in FIGURES if measure(figure.number, s, True) <= room), FIGURES[-1])
    for text, size_ in ((figure.number, size), (figure.unit, LARGE)):
        line = Text(text=text, size=size_, align="centre", bold=True)
        yield from _fit(line, width, measure)


def _marks(document: Document) -> Iterator[Block]:
    """What the reader has to know before anything else."""
    if document.training:
        words = Word.TRAINING.say(document.language)
        yield Text(text=words, size=LARGE, align="centre", bold=True, inverse=True)
        yield Space(dots=12)
    if document.reprints:
        words = Word.REPRINT.say(document.language, count=str(document.reprints))
        yield Text(text=words, size=LARGE, align="centre", bold=True, inverse=True)
        yield Space(dots=12)


def _ticket(ticket: Ticket) -> Iterator[Block]:
    language = ticket.language
    yield Text(text=ticket.town, size=LARGE, align="centre", bold=True)
    yield Text(text=Word.TICKET.say(language), size=TITLE, align="centre", bold=True)
    yield Space(dots=8)
    yield Rule()
    yield Space(dots=12)
    yield Text(text=ticket.point_name, size=LARGE, align="centre")
    yield Figure(number=grouped(ticket.points), unit=unit(ticket.points, language))
    yield Space(dots=12)
    yield Text(text=Word.VALID.say(language), align="centre", bold=True, inverse=True)
    yield Space(dots=8)
    yield from _valid_days(ticket)
    yield Space(dots=16)
    yield QR(text=ticket.qr)
    yield Space(dots=4)
    yield Text(text=Word.TICKET_NUMBER.say(language), size=SMALL, align="centre")
    yield Text(text=aloud(ticket.number), size=LARGE, align="centre", bold=True)
    yield Space(dots=12)
    yield Rule(dashed=True)
    yield Space(dots=12)
    yield Text(text=Word.USED_AT.say(language), bold=True)
    everywhere = Word.EVERYWHERE.say(language, town=ticket.town)
    yield from (Text(text=place) for place in ticket.places or (everywhere,))
    if ticket.online_only:
        yield Space(dots=8)
        yield Text(text=Word.ONLINE_ONLY.say(language), bold=True)
    yield Space(dots=8)
    yield Text(text=Word.ONCE.say(language))
    yield Space(dots=16)
    yield StampBoxes(labels=(Word.ISSUE_STAMP.say(language), Word.SHOP_STAMP.say(language)))
    yield Space(dots=12)
    yield Row(left=Word.ISSUED_ON.say(language), right=day(ticket.issued_on, language), size=SMALL)
    yield Row(left=Word.DIGEST.say(language), right=ticket.digest, size=SMALL)


def _valid_days(ticket: Ticket) -> Iterator[Block]:
    language = ticket.language
    first, last = day(ticket.valid_from, language), day(ticket.valid_until, language)
    if first == last:
        lines = [Word.VALID_ONE_DAY.say(language, last=last)]
    else:
        from_, until = Word.VALID_FROM, Word.VALID_UNTIL
        lines = [from_.say(language, first=first), until.say(language, last=last)]
    yield from (Text(text=line, size=LARGE, align="centre", bold=True) for line in lines)
    if first != last:
        yield Text(text=Word.BOTH_INCLUDED.say(language), size=SMALL, align="centre")


def _slip(slip: Slip) -> Iterator[Block]:
    language = slip.language
    yield Text(text=slip.organisation, size=LARGE, align="centre", bold=True)
    yield Text(text=slip.place, size=SMALL, align="centre")
    yield Space(dots=8)
    yield Rule()
    yield Space(dots=8)
    yield Text(text=SLIP_TITLES[slip.kind].say(language), size=LARGE, align="centre", bold=True)
    if slip.kind in ("reversal", "refund"):
        words = Word.GIVEN_BACK if slip.kind == "reversal" else Word.REFUNDED
        yield Text(text=words.say(language), align="centre")
    yield Space(dots=8)
    yield Text(text=f"{slip.town} {slip.point_name}", align="centre")
    yield Figure(number=grouped(slip.points), unit=unit(slip.points, language))
    yield Space(dots=8)
    yield Rule(dashed=True)
    yield Space(dots=8)
    if slip.balance is not None:
        left = amount(slip.balance.points, language)
        if slip.balance.at_least:
            left = Word.AT_LEAST.say(language, amount=left)
        yield Row(left=Word.BALANCE.say(language), right=left, size=LARGE, bold=True)
        as_of = Word.AS_OF.say(language, at=minute(slip.balance.as_of, language))
        yield Text(text=as_of, size=SMALL, align="right")
        yield Space(dots=8)
    if slip.settled is None:
        yield Text(text=Word.UNDONE_LATER.say(language), size=SMALL)
        yield Space(dots=8)
    for label, value in (
        (Word.HOW, "" if slip.settled is None else SETTLED[slip.settled].say(language)),
        (Word.TICKET_NUMBER, aloud(slip.number)),
        (Word.UNDOES, str(slip.undoes or "")),
        (Word.AT, minute(slip.at, language)),
        (Word.NODE, slip.node),
        (Word.SEQ, str(slip.seq)),
        (Word.DIGEST, slip.digest),
    ):
        if value:
            yield Row(left=label.say(language), right=value, size=SMALL)


def _z_report(report: ZReport) -> Iterator[Block]:
    language = report.language
    yield Text(text=report.organisation, size=LARGE, align="centre", bold=True)
    yield Text(text=report.place, size=SMALL, align="centre")
    yield Text(text=Word.Z_REPORT.say(language), size=TITLE, align="centre", bold=True)
    yield Space(dots=8)
    for label, value in (
        (Word.NODE, report.node),
        (Word.SHIFT, str(report.shift)),
        (Word.OPENED, minute(report.opened, language)),
        (Word.CLOSED, minute(report.closed, language)),
    ):
        yield Row(left=label.say(language), right=value)
    yield from _takings(report)
    yield from _heading(Word.RECORDS, language)
    yield Row(left=Word.SYNCED.say(language), right=_count(report.synced, language))
    waiting = _count(report.waiting, language)
    yield Row(left=Word.WAITING.say(language), right=waiting, bold=report.waiting > 0)
    yield from _heading(Word.LIMIT, language)
    yield Row(left=Word.LIMIT_USED.say(language), right=amount(report.limit_used, language))
    yield Row(left=Word.LIMIT_LEFT.say(language), right=amount(report.limit_left, language))
    yield from _heading(Word.NEXT_PAYMENT, language)
    paid = Word.NOT_KNOWN.say(language)
    if report.next_payment is not None:
        paid = day(report.next_payment, language)
    yield Text(text=paid, size=LARGE, align="right", bold=True)
    if report.waiting_digests:
        yield from _heading(Word.DIGESTS, language)
        yield Text(text=" ".join(report.waiting_digests), size=SMALL)
        yield Text(text=Word.KEEP_PAPER.say(language), bold=True)


def _takings(report: ZReport) -> Iterator[Block]:
    """Per town what came and went, then the sums that the drawer is counted against."""
    language = report.language
    yield Space(dots=12)
    yield Rule()
    yield Space(dots=8)
    if not report.takings:
        yield Text(text=Word.NOTHING_TAKEN.say(language))

    def whose(line: Takings) -> tuple[str, str]:
        return line.town, line.point_name

    for (town, point_name), lines in groupby(sorted(report.takings, key=whose), key=whose):
        yield Row(left=town, right=point_name, bold=True)
        for line in sorted(lines, key=lambda line: list(KINDS).index(line.kind)):
            yield _taking(KINDS[line.kind], (line,), language)
        yield Space(dots=8)
    yield Rule(dashed=True)
    yield Space(dots=8)
    yield _taking(Word.TAKEN, report.taken, language)
    yield _taking(Word.UNDONE, report.undone, language)
    yield Row(
        left=Word.TOTAL.say(language),
        right=amount(report.total, language),
        size=LARGE,
        bold=True,
    )


def _taking(label: Word, lines: tuple[Takings, ...], language: Language) -> Row:
    """One sum as a row: what (how many) ... how much."""
    count = f"{sum(line.count for line in lines):,}"
    points = sum(
        line.points if line.kind in ("spend", "redemption") else -line.points for line in lines
    )
    left = Word.COUNTED.say(language, label=label.say(language), count=count)
    return Row(left=left, right=grouped(points))


def _count(count: int, language: Language) -> str:
    return Word.COUNT.say(language, count=f"{count:,}")


def _heading(word: Word, language: Language) -> Iterator[Block]:
    yield Space(dots=12)
    yield Rule(dashed=True)
    yield Space(dots=8)
    yield Text(text=word.say(language), bold=True)
