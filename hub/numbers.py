"""Service numbers as people at the desk load them: one file for one organisation, all or nothing.

1. Who works for the organisation's town may load, an auditor may only look: no points move, so one
   person is enough.
2. Each line that cannot be right is named before anything is changed.
3. What is shown later is how many there are. Which number is whose only the card of its holder
   brings back, at the organisation itself.
"""

from hub import town
from hub.core import Core
from hub.forms import NumbersForm
from hub.mykey.numberfile import read_numbers
from hub.mykey.services import Services
from hub.people import Person, Role
from hub.views import BadLineRow, NumbersLoaded, NumbersRow
from sync.errors import RefusedByRule
from sync.values import OrganisationId, home_of, organisation_id

MOST_NAMED = 200
"""Bad lines that one answer names; a file of another kind has thousands."""


class Numbers:
    """Use cases about service numbers.

    All raise Malformed and RefusedByRule (``not-allowed``, ``organisation-unknown``).
    """

    def __init__(self, core: Core, services: Services) -> None:
        self._core = core
        self._services = services

    def load(self, person: Person, written: str, form: NumbersForm) -> NumbersLoaded:
        """Link a file's numbers, or only say what that would do."""
        name = self._organisation(person, written)
        if person.role is Role.AUDITOR:
            raise _not_allowed(person, name)
        file = read_numbers(form.file)
        done = self._services.load(name, file, person=person.name, apply=form.apply)
        return NumbersLoaded(
            organisation=name,
            rows=done.rows,
            new=done.new,
            changed=done.changed,
            same=done.same,
            bad_lines=len(done.bad),
            applied=done.applied,
            bad=[BadLineRow(line=each.line, what=each.what) for each in done.bad[:MOST_NAMED]],
        )

    def show(self, person: Person, written: str) -> NumbersRow:
        """How many numbers are linked."""
        name = self._organisation(person, written)
        return NumbersRow(organisation=name, numbers=self._services.count(name))

    def _organisation(self, person: Person, written: str) -> OrganisationId:
        name = organisation_id(written)
        if not person.works_for(home_of(name)):
            raise _not_allowed(person, name)
        with self._core.database.read() as tx:
            return town.organisation_named(tx, name).organisation


def _not_allowed(person: Person, name: OrganisationId) -> RefusedByRule:
    return RefusedByRule("not-allowed", f"{person.name} ({person.role}) may not do this for {name}")
