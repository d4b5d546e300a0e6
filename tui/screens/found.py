"""A ticket whose number was typed: what the centre knows of it, before Enter takes it."""

from node.outcome import FoundTicket
from tui.widgets.answer import Answer
from tui.wording import Words


def ask_to_compare(answer: Answer, words: Words, found: FoundTicket) -> None:
    """Amber, two bells: a number may be mistyped and still be somebody's, so a person compares.

    The number stands there in the groups in which it stands on the paper.
    """
    answer.say(
        "look",
        words,
        words("Compare with the paper, then press Enter."),
        words("Ticket {number}", number=words.ticket(found.number)),
        words(
            "{town}, {points}, {first} to {last}",
            town=found.town,
            points=words.points(found.points),
            first=found.valid_from,
            last=found.valid_until,
        ),
    )
