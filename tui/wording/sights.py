"""What the place for the card says, for each way in which readers and cards may be found."""

from node.card.readers import Sight
from tui.wording import marked as N_  # noqa: N812  gettext's own name for a marked text
from tui.wording.advice import ERRORS, Advice

PUT_ON = Advice(
    N_("Please put the card on the reader."), N_("Leave it there until the screen says done.")
)
ON_AGAIN = Advice(
    N_("The card on the reader was read already."),
    N_("Take it off. Then put on the card to be read next."),
)
"""For a card that lies there since before, when nothing was finished with it."""
PUT_BACK = Advice(
    N_("Please put the same card back on the reader."),
    N_("Then the PIN is typed again. Esc gives up; no points are moved."),
)

SIGHTS: dict[Sight, Advice] = {
    Sight.NO_SUPPORT: ERRORS["NoReaderSupport"],
    Sight.NOT_TOLD: Advice(N_("Looking for the card reader."), N_("One moment, please.")),
    Sight.SERVICE_DOWN: ERRORS["NoReaderService"],
    Sight.FORBIDDEN: ERRORS["ReaderForbidden"],
    Sight.NO_READER: ERRORS["NoReader"],
    Sight.EMPTY: PUT_ON,
    Sight.CARD: PUT_ON,
    Sight.SEVERAL_CARDS: Advice(
        N_("Cards lie on more than one reader."), N_("Leave only the customer's card on.")
    ),
    Sight.SILENT: ERRORS["CardSilent"],
    Sight.USED: Advice(
        N_("The card on the reader was used already."),
        N_("Take it off. For the next time, put a card on again."),
    ),
    Sight.FOREIGN: ERRORS["NotThisCard"],
}
