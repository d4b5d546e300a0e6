"""A month of every call with everything in the log: nobody's secret, card or points stand in it.

The story is played over HTTP with all loggers at DEBUG, the last calls with a hub that breaks in
the middle. The search first proves that it finds what was planted.
"""

import base64
import io
import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec
import pytest

from hub.access import Access
from hub.logs import log_to
from hub.signin_forms import SessionForm
from sync.values import MunicipalityCode, MyKeyId
from tests.hub.api.playing import Stage, play, stage
from tests.hub.api.story import HANA, JIRO, MEI
from tests.hub.authenticator import PASSWORD, Authenticator
from tests.hub.townhall import BANK, KAWASAKI

PLANTED = "PLANTED-SECRET-77"


@dataclass(frozen=True, slots=True)
class Month:
    """What was said of it, and what must not have been."""

    on: Stage
    log: str
    figures: str
    needles: dict[str, str]
    judged: int
    """Records."""

    def found(self, text: str) -> list[str]:
        """The needles that a text holds, by what they are."""
        return [what for what, needle in self.needles.items() if needle and needle in text]


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Month]:
    stream = io.StringIO()
    with stage(tmp_path_factory.mktemp("canary")) as on, pytest.MonkeyPatch.context() as patch:
        end = log_to(stream, level=logging.DEBUG)
        play(on, lambda _: None, lambda *_: None)
        accounts = {
            f"{name}'s account": str(
                on.hall.hub.mykey.account_for(MyKeyId(name), MunicipalityCode(KAWASAKI))
            )
            for name in (HANA, MEI)
        }
        breaks(on, patch)
        figures = on.http.get("/v1/metrics", headers=bearer(on.hall.tokens["Sato"])).text
        with on.hall.hub.core.database.read() as tx:
            judged = tx.scalar("SELECT count(*) FROM record")
        logging.getLogger("machikado.hub").info("%s", PLANTED)
        end()
        yield Month(on, stream.getvalue(), figures, needles_of(on) | accounts, judged)


def breaks(on: Stage, patch: pytest.MonkeyPatch) -> None:
    """Signing in meets a fault of the hub, with the password in everybody's hands."""

    def fault(*_: object) -> None:
        raise ArithmeticError("odd")

    patch.setattr(Access, "_use_code", fault)
    code = Authenticator(on.hall.clock).next_code()
    form = msgspec.json.encode(SessionForm(name="Sato", password=PASSWORD, code=code))
    answer = on.http.post("/v1/desk/session", content=form)
    assert answer.status_code == 500
    assert PASSWORD not in answer.text
    for body in (form[:-1], form.replace(b'"code"', b'"x"'), b'"' + PASSWORD.encode() + b'"'):
        answer = on.http.post("/v1/desk/session?" + PASSWORD, content=body)
        assert answer.status_code == 400
        assert PASSWORD not in answer.text


def needles_of(on: Stage) -> dict[str, str]:
    """Secrets, and what tells whose points these are."""
    hall, story = on.hall, on.story
    with hall.hub.core.database.read() as tx:
        tickets = [str(number) for (number,) in tx.rows("SELECT number FROM ticket")]
    phone = Authenticator(hall.clock)
    digest = story.hana.card.digest
    known = {
        "a password": PASSWORD,
        "an authenticator's secret": phone.written,
        "a MyKey ID": HANA,
        "another MyKey ID": JIRO,
        "a card": digest.hex(),
        "a card in base64": base64.b64encode(digest).decode(),
        "a card as bytes": repr(bytes(digest))[2:-1],
        "a service number": "789145",
        "a bank account": BANK.account,
    }
    return (
        known
        | {f"the token of {name}": token for name, token in hall.tokens.items()}
        | {f"ticket {n}": number for n, number in enumerate(tickets)}
    )


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def lines(month: Month) -> list[dict[str, Any]]:
    return [json.loads(line) for line in month.log.splitlines()]


def test_the_search_finds_what_was_planted(month: Month) -> None:
    assert PLANTED in month.log
    assert len(month.needles) > 15
    for what, needle in month.needles.items():
        assert month.found(f'{{"event": "{needle}"}}'), what


def test_no_line_of_the_log_holds_any_of_it(month: Month) -> None:
    said = lines(month)
    assert len([line for line in said if line["logger"] == "machikado.access"]) > 80
    assert any("ArithmeticError" in line.get("exception", "") for line in said)
    assert [
        (month.found(json.dumps(line, ensure_ascii=False)), line)
        for line in said
        if month.found(json.dumps(line, ensure_ascii=False)) and line["logger"] != "httpx"
    ] == [], "httpx is the test's own client"


def test_no_figure_holds_any_of_it_nor_names_a_terminal(month: Month) -> None:
    assert month.found(month.figures) == []
    assert month.on.story.node not in month.figures
    assert "Sato" not in month.figures


def test_the_month_is_in_the_figures(month: Month) -> None:
    rows = (line.rpartition(" ") for line in month.figures.splitlines() if line[:1] != "#")
    told = {name: float(value) for name, _, value in rows}
    town = f'{{municipality="{KAWASAKI}"}}'
    assert told[f"machikado_records_received_total{town}"] == month.judged > 3
    assert told[f"machikado_records_posted_total{town}"] == month.judged
    assert told[f"machikado_records_waiting{town}"] == 0
    assert told['machikado_verdicts_total{outcome="quarantined"}'] == 0


def test_each_line_of_a_terminal_names_it_and_each_of_a_person_the_person(month: Month) -> None:
    answered = [line for line in lines(month) if line["logger"] == "machikado.access"]
    of_nodes = [line for line in answered if line["route"].startswith("/v1/nodes/{node}")]
    assert {line.get("node") for line in of_nodes} == {month.on.story.node}
    at_desk = [line for line in answered if line["route"] == "/v1/desk/grants"]
    assert {line.get("person") for line in at_desk} == {"Sato"}
