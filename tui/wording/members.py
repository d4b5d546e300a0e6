"""What a resident is told of the own MyKey ID: what the PIN will do, then what it did."""

from dataclasses import dataclass

from node.outcome import SeenMember
from sync.members import MemberStep
from tui.wording import Words, in_fours
from tui.wording import marked as N_  # noqa: N812  gettext's own name for a marked text
from tui.wording.advice import Light

WILL: dict[MemberStep, tuple[str, ...]] = {
    MemberStep.SEE: (N_("The PIN shows the MyKey ID, how it stands, and the points."),),
    MemberStep.SUSPEND: (
        N_("Points and services then cannot be used with the cards. The points stay."),
        N_("Card and PIN make it work again at any counter."),
    ),
    MemberStep.RESUME: (N_("Then the cards can be used again, with the points that were there."),),
    MemberStep.CHANGE: (
        N_("Cards and points stay. The old ID can be used no more."),
        N_("Nobody else ever gets it."),
    ),
    MemberStep.AGREE: (N_("The resident agrees: use the ID for the points too"),),
    MemberStep.CANCEL: (
        N_("First the PIN shows what points are left; they can then be used no more."),
        N_("It cannot be taken back. The My Number card itself stays as it is."),
    ),
}
"""What the PIN will do, said before anybody types it."""


@dataclass(frozen=True, slots=True)
class Told:
    """Lines for the answer and its light; the first one is what matters."""

    light: Light
    lines: tuple[str, ...]


def told_of(member: SeenMember, what: MemberStep, words: Words) -> Told:
    """What came of a step. An ID that was to end and could not is only shown."""
    match what:
        case MemberStep.SUSPEND if member.state == "suspended":
            lines = (
                words("The MyKey ID is suspended."),
                words("From now on points and services cannot be used with the cards."),
                _elsewhere(words),
            )
            return Told("good", lines)
        case MemberStep.RESUME if member.state == "active":
            return Told("good", (words("The MyKey ID can be used again."), _elsewhere(words)))
        case MemberStep.CHANGE:
            lines = (
                _named(member, words),
                words("The old ID can be used no more."),
                words("Please have the resident write it down."),
            )
            return Told("good", lines)
        case MemberStep.AGREE:
            return Told("good", (words("Points can be gathered and used with this ID now."),))
        case MemberStep.CANCEL if member.state == "cancelled":
            return Told("good", (words("The MyKey ID has ended."), *_left(member, words)))
    return _as_it_stands(member, words)


def _as_it_stands(member: SeenMember, words: Words) -> Told:
    name = _named(member, words)
    if member.state == "cancelled":
        ended = words("It was ended. The card can be registered again (F5).")
        return Told("look", (name, ended, *_left(member, words)))
    if member.state == "suspended":
        exit_words = (
            words("Only the town's counter can make it work again. Please send the resident there.")
            if member.at_desk
            else words("It can be used again here: choose 3.")
        )
        return Told(
            "look",
            (name, words("It is suspended: points and services cannot be used."), exit_words),
        )
    lines = [words.many("{count} card belongs to it.", "{count} cards belong to it.", member.cards)]
    if not member.has_points:
        lines.append(words("It was made without points. They can be added: choose 5."))
    lines += [f"{row.point_name}: {words.points(row.available + row.held)}" for row in member.left]
    return Told("good", (name, *lines))


def _named(member: SeenMember, words: Words) -> str:
    return words("MyKey ID: {mykey_id}", mykey_id=in_fours(member.mykey_id))


def _elsewhere(words: Words) -> str:
    return words("Counters without network hear of it as soon as it is back.")


def _left(member: SeenMember, words: Words) -> tuple[str, ...]:
    rows = [(row.point_name, row.available + row.held) for row in member.left]
    return tuple(
        words(
            "{name}: {points} stay in the books until they run out, and can be used no more.",
            name=name,
            points=words.points(points),
        )
        for name, points in rows
        if points
    )
