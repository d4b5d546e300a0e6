"""Where revocation lists come from: nowhere, a file, a folder, the web; what fails has a word."""

from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding

from hub import listsource
from hub.listsource import MOST_FILES, check_source, offered
from sync.democa import DemoCa
from sync.demolist import list_of
from sync.errors import Malformed, Unreachable
from sync.values import Millis

NOW = Millis(1_790_000_000_000)
ADDRESS = "https://lists.example/all.crl"


@pytest.fixture
def made(tmp_path: Path, card_keys: list[RSAPrivateKey]) -> bytes:
    """A list in DER."""
    return list_of(DemoCa.create(tmp_path / "ca", at=NOW, key=card_keys[0]), {}, number=1, at=NOW)


@pytest.mark.parametrize(
    "source", ["none", "file:/srv/a.crl", "dir:/srv/lists", ADDRESS, "http://10.0.0.1:8080/x?y=1"]
)
def test_a_source_is_named_by_its_kind(source: str) -> None:
    assert check_source(f" {source} ") == source


@pytest.mark.parametrize(
    "source",
    [
        *("", "None", "file:", "file:a.crl", "dir:lists", "ftp://lists.example/a", "/srv/a.crl"),
        *("https://", "https:///a.crl", "https://us:er@lists.example/a", "https://lists example/a"),
        *("https://lists.example:99999/a", "file:/a\0b", "https://リスト.example/a"),
    ],
)
def test_what_is_no_source_is_refused(source: str) -> None:
    with pytest.raises(Malformed, match=r"source|address"):
        check_source(source)


def test_a_file_is_offered_as_it_is_and_pem_as_der(tmp_path: Path, made: bytes) -> None:
    der, pem = tmp_path / "a.crl", tmp_path / "b.pem"
    der.write_bytes(made)
    pem.write_bytes(x509.load_der_x509_crl(made).public_bytes(Encoding.PEM))

    for file in (der, pem):
        [found] = offered(f"file:{file}")
        assert (found.name, found.der, found.trouble) == (str(file), made, "")
    assert list(offered("none")) == []


def test_what_cannot_be_had_is_told_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "bad.pem").write_bytes(b"-----BEGIN X509 CRL-----\nnothing")
    (tmp_path / "long").write_bytes(bytes(11))
    monkeypatch.setattr(listsource, "MOST_LIST", 10)
    told = {
        source: [(each.der, each.trouble) for each in offered(source.format(tmp_path))]
        for source in (
            *("file:{}/gone", "file:{}/long", "dir:{}/gone", "dir:{}/empty"),
            "file:{}/empty",
        )
    }
    monkeypatch.undo()
    [bad] = offered(f"file:{tmp_path}/bad.pem")

    assert told == {
        "file:{}/gone": [(None, "cannot be read (No such file or directory)")],
        "file:{}/long": [(None, "is longer than 10 bytes")],
        "dir:{}/gone": [(None, "cannot be looked into (No such file or directory)")],
        "dir:{}/empty": [(None, "has no files")],
        "file:{}/empty": [(None, "cannot be read (Is a directory)")],
    }
    assert (bad.der, bad.trouble) == (None, "cannot be read: it begins like a list in PEM")


def test_a_folder_offers_each_file_in_order_and_not_without_an_end(tmp_path: Path) -> None:
    for number in range(MOST_FILES + 1):
        (tmp_path / f"{number:03}.crl").write_bytes(b"%d" % number)
    (tmp_path / "below").mkdir()

    found = list(offered(f"dir:{tmp_path}"))

    assert [each.der for each in found[:-1]] == [b"%d" % number for number in range(MOST_FILES)]
    assert found[-1].trouble == "was not looked at: more than 100 files"


def test_the_web_is_asked_with_bounds(made: bytes) -> None:
    asked: list[tuple[str, int, float]] = []

    def get(address: str, most: int, timeout: float) -> bytes:
        asked.append((address, most, timeout))
        return made

    def silent(address: str, _most: int, _timeout: float) -> bytes:
        raise Unreachable(f"{address} did not answer")

    [found] = offered(ADDRESS, get)
    [nothing] = offered(ADDRESS, silent)

    assert found.der == made
    assert asked == [(ADDRESS, listsource.MOST_LIST, listsource.PATIENCE)]
    assert (nothing.der, nothing.trouble) == (None, f"{ADDRESS} did not answer")
