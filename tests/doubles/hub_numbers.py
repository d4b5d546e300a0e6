"""Service numbers at the small hub: one organisation's, by card."""

from abc import abstractmethod

import msgspec

from sync.calls import CardSigned
from sync.request import Response, problem_response
from sync.services import CardNumber, NumberChange, NumberQuestion
from sync.values import KeyDigest, OrganisationId
from sync.wire import read

SHOP = OrganisationId("141305-B2108")


class GivesNumbers:
    """Knows cards that have a MyKey ID, and their numbers at the shop."""

    mykeys: dict[KeyDigest, str]
    services: dict[KeyDigest, str]

    @abstractmethod
    def _said(self, what: str, body: msgspec.Struct) -> Response: ...

    def _number(self, body: bytes) -> Response:
        return self._told(read(body, NumberQuestion).card)

    def _change_number(self, body: bytes) -> Response:
        wanted = read(read(body, CardSigned).request, NumberChange)
        others = {number for card, number in self.services.items() if card != wanted.card}
        if wanted.number and wanted.number in others:
            return problem_response(409, "number-taken", f"{wanted.number} is taken")
        self.services[wanted.card] = wanted.number
        return self._told(wanted.card)

    def _told(self, card: KeyDigest) -> Response:
        number = self.services.get(card, "")
        return self._said("number", CardNumber(card in self.mykeys, SHOP, number))
