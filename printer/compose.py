"""A document as blocks: what stands under what on each sheet, and which of it is read first.

Pure. :func:`compose` gives whole texts, :func:`lay_out` the same broken for one width of paper.
"""

from collections.abc import Iterator
from datetime import date
from itertools import groupby
from typing import assert_never

from printer.documents import (
    ClearingReceipt,
    Document,
    Language,
    Slip,
    SlipKind,
    Takings,
    Ticket,
    TrialSheet,
    ZReport,
)
from printer.layout import (
    LARGE,
    QR,
    SMALL,
    TITLE,
    Block,
    Figure,
    Measure,
    Row,
    Rule,
    Space,
    Stamps,
    Text,
    fit,
)
from printer.trial import trial_sheet
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

_WENT_BACK: dict[SlipKind, Word] = {
    "reversal": Word.GIVEN_BACK,
    "refund": Word.REFUNDED,
    "void": Word.RETURNED,
}
"""What stands above the amount of a slip whose points went the other way."""
_PLACES_LISTED = 4
"""More places than these stand behind each other instead of below."""
TICKET_FIGURE = 120
"""The most that a ticket's amount takes on receipt paper."""


def compose(document: Document) -> tuple[Block, ...]:
    """The blocks of a document, not yet broken for a width."""
    match document:
        case Ticket():
            blocks = _ticket(document)
        case Slip():
            blocks = _slip(document)
        case ZReport():
            blocks = _z_report(document)
        case ClearingReceipt():
            blocks = _clearing_receipt(document)
        case TrialSheet():
            blocks = trial_sheet(document)
        case _:
            assert_never(document)
    return (*marks(document), *blocks)


def lay_out(document: Document, width: int, measure: Measure) -> tuple[Block, ...]:
    """The blocks of a document, every line at most ``width`` dots wide."""
    return fit(compose(document), width, measure)


def marks(document: Document) -> Iterator[Block]:
    """What the reader has to know before anything else."""
    language = document.language
    said = []
    if document.training:
        said.append(Word.TRAINING.say(language))
    if document.specimen:
        said.append(Word.SPECIMEN.say(language))
    if document.reprints:
        said.append(Word.REPRINT.say(language, count=str(document.reprints)))
    for words in said:
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
    yield amount_of(ticket, TICKET_FIGURE)
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
    yield from where_used(ticket)
    yield Space(dots=8)
    yield from terms(ticket)
    yield Space(dots=16)
    yield Stamps(
        issuer=Word.ISSUE_STAMP.say(language),
        shop=Word.SHOP_STAMP.say(language),
        aside=tuple(issued(ticket)),
    )


def terms(ticket: Ticket) -> Iterator[Block]:
    """What holds for every ticket, in the order of how often it is asked."""
    words = [Word.ONCE, Word.NO_CASH, Word.NO_COPY, Word.LOST]
    if ticket.reprints:
        words.insert(0, Word.ONE_OF_TWO)
    for word in words:
        term = Word.TERM.say(ticket.language, words=word.say(ticket.language))
        yield Text(text=term, size=SMALL)


def issued(ticket: Ticket) -> Iterator[Block]:
    """When and by whom, and the digits by which the record is found."""
    language = ticket.language
    if ticket.office:
        yield Text(text=Word.ISSUED_BY.say(language), size=SMALL)
        yield Text(text=ticket.office, size=SMALL, bold=True)
        yield Text(text=ticket.office_place, size=SMALL)
        yield Space(dots=8)
    yield Row(left=Word.ISSUED_ON.say(language), right=day(ticket.issued_on, language), size=SMALL)
    yield Row(left=Word.DIGEST.say(language), right=ticket.digest, size=SMALL)


def amount_of(ticket: Ticket, size: int) -> Figure:
    """The points, the largest thing on the paper."""
    words = unit(ticket.points, ticket.language)
    return Figure(number=grouped(ticket.points), unit=words, size=size, alone=True)


def where_used(ticket: Ticket) -> Iterator[Block]:
    """The places in words, and whether the shop must be online."""
    language = ticket.language
    yield Text(text=Word.USED_AT.say(language), bold=True)
    everywhere = Word.EVERYWHERE.say(language, town=ticket.town)
    places = ticket.places or (everywhere,)
    if len(places) <= _PLACES_LISTED:
        yield from (Text(text=place) for place in places)
    else:
        yield Text(text=Word.COMMA.say(language).join(places), size=SMALL)
    if ticket.online_only:
        yield Space(dots=8)
        yield Text(text=Word.ONLINE_ONLY.say(language), bold=True)


def both_days(ticket: Ticket) -> str:
    """From when to when, on one line where there is room."""
    return "\u3000".join(_days(ticket))


def _valid_days(ticket: Ticket) -> Iterator[Block]:
    lines = _days(ticket)
    yield from (Text(text=line, size=LARGE, align="centre", bold=True) for line in lines)
    if len(lines) > 1:
        both = Word.BOTH_INCLUDED.say(ticket.language)
        yield Text(text=both, size=SMALL, align="centre")


def _days(ticket: Ticket) -> tuple[str, ...]:
    """The first and the last day in words; one line where they are the same."""
    language = ticket.language
    first, last = day(ticket.valid_from, language), day(ticket.valid_until, language)
    if first == last:
        return (Word.VALID_ONE_DAY.say(language, last=last),)
    return (
        Word.VALID_FROM.say(language, first=first),
        Word.VALID_UNTIL.say(language, last=last),
    )


def _slip(slip: Slip) -> Iterator[Block]:
    language = slip.language
    yield Text(text=slip.organisation, size=LARGE, align="centre", bold=True)
    yield Text(text=slip.place, size=SMALL, align="centre")
    yield Space(dots=8)
    yield Rule()
    yield Space(dots=8)
    yield Text(text=SLIP_TITLES[slip.kind].say(language), size=LARGE, align="centre", bold=True)
    if slip.kind in _WENT_BACK:
        yield Text(text=_WENT_BACK[slip.kind].say(language), align="centre")
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
        later = Word.VOID_LATER if slip.kind == "void" else Word.UNDONE_LATER
        yield Text(text=later.say(language), size=SMALL)
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
    yield from _payment(report.next_payment, language)
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


def _clearing_receipt(receipt: ClearingReceipt) -> Iterator[Block]:
    language = receipt.language
    yield Text(text=Word.CLEARING_RECEIPT.say(language), size=TITLE, align="centre", bold=True)
    yield Space(dots=8)
    to = Word.TO.say(language, organisation=receipt.organisation)
    yield Text(text=to, size=LARGE, align="centre", bold=True)
    yield Space(dots=8)
    yield Rule()
    yield Space(dots=12)
    yield Text(text=f"{receipt.town} {receipt.point_name}", align="centre")
    yield Figure(number=grouped(receipt.points), unit=unit(receipt.points, language))
    yield Text(text=_tickets(receipt.count, language), size=LARGE, align="centre", bold=True)
    yield Space(dots=8)
    yield from _heading(Word.CLEARED_POINTS, language)
    if not receipt.lines:
        yield Text(text=Word.NOTHING_CLEARED.say(language))
    for line in sorted(receipt.lines, key=lambda line: line.points):
        each = Word.EACH.say(language, amount=amount(line.points, language))
        times = Word.TIMES.say(language, count=f"{line.count:,}")
        yield Row(left=f"{each} × {times}", right=grouped(line.points * line.count))
    if receipt.returned:
        yield Space(dots=12)
        yield Rule(dashed=True)
        yield Space(dots=8)
        count = f"{len(receipt.returned):,}"
        yield Text(text=Word.NOT_CLEARED.say(language, count=count), bold=True)
        for paper in receipt.returned:
            yield Text(text=aloud(paper.number), size=SMALL, bold=True)
            yield Text(text=paper.reason, size=SMALL, align="right")
        yield Text(text=Word.NOT_PAID.say(language), size=SMALL)
    yield from _payment(receipt.next_payment, language)
    yield from _heading(Word.OFFICE, language)
    yield Text(text=receipt.office)
    yield Text(text=receipt.place, size=SMALL)
    yield Space(dots=8)
    for label, value in (
        (Word.OPENED, minute(receipt.opened, language)),
        (Word.CLOSED, minute(receipt.closed, language)),
        (Word.NODE, receipt.node),
        (Word.SEQ, str(receipt.seq)),
        (Word.DIGEST, receipt.digest),
    ):
        yield Row(left=label.say(language), right=value, size=SMALL)


def _tickets(count: int, language: Language) -> str:
    return (Word.TICKET_ONE if count == 1 else Word.TICKETS).say(language, count=f"{count:,}")


def _payment(when: date | None, language: Language) -> Iterator[Block]:
    yield from _heading(Word.NEXT_PAYMENT, language)
    paid = Word.NOT_KNOWN.say(language) if when is None else day(when, language)
    yield Text(text=paid, size=LARGE, align="right", bold=True)


def _count(count: int, language: Language) -> str:
    return Word.COUNT.say(language, count=f"{count:,}")


def _heading(word: Word, language: Language) -> Iterator[Block]:
    yield Space(dots=12)
    yield Rule(dashed=True)
    yield Space(dots=8)
    yield Text(text=word.say(language), bold=True)
