"""What to say to the people of the office, who run the hub and cannot be told to telephone it.

The hub's reasons that its operators meet most, in their words. What is not here has no words of
its own: the English sentence, which names persons, windows and nodes, then stands alone.
"""

from sync.errors import RefusedByRule
from tui.wording import marked as N_  # noqa: N812  gettext's own name for a marked text
from tui.wording.advice import ERRORS, Advice, advice_about

_NOTHING = N_("There is nothing more to do.")
_SEE_LIST = N_("Look it up in the list.")
_CHECK_NAME = N_("Check what was typed.")
_OTHER_PLACE = N_("Take another folder or database.")

OFFICE: dict[str, Advice] = {
    # two people, and who may do what
    "second-person": Advice(
        N_("The same person cannot do both steps."), N_("Another person has to approve it.")
    ),
    "not-allowed": Advice(
        N_("You may not do this."), N_("Ask a person who is responsible for it.")
    ),
    "operator-last": Advice(
        N_("Two people who can approve for all towns have to remain."),
        N_("Invite another person first."),
    ),
    "operator-unknown": Advice(N_("There is no such person."), _SEE_LIST),
    "operator-exists": Advice(N_("There is a person of this name already."), _CHECK_NAME),
    "pending-unknown": Advice(N_("Nothing waits under this number."), _SEE_LIST),
    "pending-closed": Advice(N_("This was approved or declined already."), _NOTHING),
    # signing in
    "weak-password": Advice(
        N_("This password is too short or too easily guessed."),
        N_("Take a sentence of 12 characters or more, without your name."),
    ),
    "wrong-code": Advice(
        N_("The authenticator shows another code."),
        N_("Scan the picture again, and look whether its clock is right."),
    ),
    "proof-needed": Advice(
        N_("There is a password already."), N_("Type the password of today and a code, too.")
    ),
    "no-session": Advice(N_("Nobody is signed in here."), _NOTHING),
    "script": Advice(
        N_("This is the token of a script."), N_("Sign in yourself with password and code.")
    ),
    "token-exists": Advice(
        N_("There is a script of this name already."),
        N_("End that one first, or take another name."),
    ),
    "token-unknown": Advice(N_("There is no script of this name."), _SEE_LIST),
    # towns, shops and their PCs
    "municipality-unknown": Advice(N_("This town has not joined."), _CHECK_NAME),
    "municipality-exists": Advice(N_("This town has joined already."), _NOTHING),
    "organisation-unknown": Advice(
        N_("This shop has not applied, or waits for a second person."), _SEE_LIST
    ),
    "organisation-exists": Advice(N_("This shop is here already."), _NOTHING),
    "accepted-already": Advice(N_("This town accepts this shop already."), _NOTHING),
    "no-account": Advice(
        N_("This shop has no bank account on file."), N_("Enter the account first.")
    ),
    "node-unknown": Advice(N_("There is no such PC."), _SEE_LIST),
    "node-not-enrolled": Advice(
        N_("This PC was not set up yet, or is confirmed already."), _SEE_LIST
    ),
    "node-revoked": Advice(N_("This PC was taken out of use."), N_("Invite a new one.")),
    "fingerprint-differs": Advice(
        N_("The fingerprint is another one."),
        N_("Do not confirm this PC: take it out of use and invite a new one."),
        "no",
    ),
    "invitation-used": Advice(N_("This invitation was used already."), N_("Make a new one.")),
    # residents, programmes and points
    "resident-unknown": Advice(N_("Nobody is registered under this MyKey ID."), _CHECK_NAME),
    "mykey-id-changed": Advice(
        N_("This MyKey ID was changed: it finds nobody any more."),
        N_("Ask the resident for the new one."),
    ),
    "mykey-id-cancelled": Advice(
        N_("This MyKey ID was cancelled."), N_("The card can be registered again at a counter.")
    ),
    "mykey-id-taken": Advice(
        N_("This MyKey ID is or was somebody's already."),
        N_("Choose another ID, or let one be made."),
    ),
    "no-such-join": Advice(N_("No card of this number waits for this MyKey ID."), _SEE_LIST),
    "card-has-an-id": Advice(N_("This card has a MyKey ID of its own already."), _NOTHING),
    "no-consent": Advice(
        N_("The resident has not agreed to use points."),
        N_("Ask for the consent at a counter."),
    ),
    "unknown-programme": Advice(N_("There is no such programme."), _SEE_LIST),
    "programme-exists": Advice(N_("There is such a programme already."), _SEE_LIST),
    "over-budget": Advice(
        N_("The programme has not so many points left."), N_("Type a smaller amount.")
    ),
    "ticket-unknown": Advice(N_("No ticket of this number was issued."), _CHECK_NAME),
    "ticket-of-several-towns": Advice(
        N_("Several towns have a ticket of this number."),
        N_("Type the town's code, a hyphen and the number."),
    ),
    # exceptions and settlement
    "unknown-exception": Advice(N_("There is no such exception."), _SEE_LIST),
    "already-decided": Advice(N_("This exception was decided already."), _NOTHING),
    "decision-does-not-fit": Advice(
        N_("This cannot be decided so."), N_("Choose another decision.")
    ),
    "unknown-window": Advice(N_("No window of this name was closed."), _SEE_LIST),
    "not-reviewed": Advice(
        N_("Nobody has reviewed this window yet."),
        N_("Review it first; then another person approves it."),
    ),
    "day-not-over": Advice(N_("That day is not over yet."), N_("Close the window after it.")),
    # files and folders
    "file-exists": Advice(
        N_("There is another file of this name already."), N_("Take another name.")
    ),
    "hub-exists": Advice(N_("There is a hub in this place already."), _OTHER_PLACE),
}

_SILENT = ("Unreachable", "DatabaseAway", "Busy", "DatabaseBusy", "TooMany")
_ANYWHERE = ("Malformed", *_SILENT, "DiskFull", "NoAccess", "CardUnreadable")
FOR_EVERYBODY = tuple(ERRORS[name] for name in _ANYWHERE)
"""Words of errors that hold anywhere; the others speak to a counter or send to the office."""


def office_advice_about(problem: Exception) -> Advice | None:
    """Words for an operator of the hub; None where only the English sentence says it rightly."""
    if isinstance(problem, RefusedByRule):
        return OFFICE.get(problem.reason)
    advice = advice_about(problem)
    return advice if advice in FOR_EVERYBODY else None
