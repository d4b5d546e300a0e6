"""The tests' own card service: what happens where it cannot be, and when it dies."""

from pathlib import Path

import pytest

from node.card.softcard import SoftCard
from tests.readers import conftest, service
from tests.readers.conftest import OnReader
from tests.readers.doors import OverPcscd
from tests.readers.opensc import OpenSC
from tests.readers.service import NAME, Service, answers, lacking, laid, until


def test_what_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(service, "_PATH", str(tmp_path))
    monkeypatch.setattr(service, "DRIVER", tmp_path / "libifdvpcd.so")

    assert lacking() == (
        "not installed: pcscd, opensc-tool, pkcs15-tool, pkcs11-tool, vsmartcard-vpcd"
    )


def test_a_lack_skips_on_a_desk_and_fails_where_everything_must_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CI", "")
    with pytest.raises(pytest.skip.Exception, match="no pcscd"):
        conftest._need_or_skip("no pcscd")

    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="no pcscd"):
        conftest._need_or_skip("no pcscd")
    conftest._need_or_skip("")


@pytest.mark.readers
@pytest.mark.processes
def test_a_service_that_was_killed_comes_back_and_finds_the_card(
    service: Service, opensc: OpenSC, card: Path, over_pcscd: OverPcscd
) -> None:
    over_pcscd.wait_until_empty()
    with laid(lambda: SoftCard(card), service.port):
        until(lambda: opensc.sees_a_card(NAME), "the card on the virtual reader")
        service.kill()
        assert not answers()
    SoftCard(card).close()  # it lay on no reader any more: its file is free

    service.start()
    over_pcscd.wait_until_empty()
    with laid(lambda: SoftCard(card), service.port):
        until(lambda: opensc.sees_a_card(NAME), "the card on the virtual reader")
        assert opensc.tries_left() == 3


@pytest.mark.readers
@pytest.mark.processes
def test_a_card_can_be_laid_down_again_and_again(on_reader: OnReader, opensc: OpenSC) -> None:
    for _ in range(3):
        with on_reader():
            assert opensc.tries_left() == 3
