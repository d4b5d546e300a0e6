"""Where paper comes out, in words and as values."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from printer.destinations import (
    Destination,
    Nowhere,
    ToCups,
    ToFile,
    ToNetwork,
    ToPdf,
    ToSerial,
    ToUsb,
    parse_destination,
    write_destination,
)
from printer.errors import BadDestination
from printer.profiles import PROFILES, UNKNOWN, profile_of
from printer.raster import WIDTHS


@pytest.mark.parametrize(
    ("text", "destination"),
    [
        ("none", Nowhere()),
        ("file:/tmp/paper.bin", ToFile(Path("/tmp/paper.bin"))),  # noqa: S108  never opened
        ("file:C:\\paper.bin", ToFile(Path("C:\\paper.bin"))),
        ("tcp:192.0.2.7:9100", ToNetwork("192.0.2.7", 9100)),
        (" tcp:printer.local:9100,mute ", ToNetwork("printer.local", 9100, mute=True)),
        ("tcp:[2001:db8::7]:9100", ToNetwork("2001:db8::7", 9100)),
        ("usb", ToUsb()),
        ("usb:04b8:0E28", ToUsb(0x04B8, 0x0E28)),
        ("usb:04b8:0e28:5839:1", ToUsb(0x04B8, 0x0E28, "5839:1")),
        ("serial:/dev/ttyUSB0", ToSerial("/dev/ttyUSB0", 9600)),
        ("serial:COM3,38400", ToSerial("COM3", 38400)),
        ("cups:TM-T88", ToCups("TM-T88")),
        ("cups:事務所,a4", ToCups("事務所", "a4")),
        ("pdf:/srv/papers, old,a6", ToPdf(Path("/srv/papers, old"), "a6")),
    ],
)
def test_a_destination_is_read_as_it_was_written(text: str, destination: Destination) -> None:
    assert parse_destination(text) == destination


@pytest.mark.parametrize(
    "text",
    [
        *("", "lp0", "none:x", "none:", "file:", "tcp:", "tcp:host", "tcp:host:", "tcp::9100"),
        *("tcp:host:0", "tcp:host:65536", "tcp:host:-1", "tcp:host:９１００", "tcp:host:9100,"),
        *("tcp:host:9100,loud", "usb:", "usb:4b8:1", "usb:04b8", "usb:04b8:0e28:", "serial:"),
        *("serial:/dev/ttyS0,", "serial:/dev/ttyS0,9601", "cups:", "cups:-x", "cups:a b", "cups"),
        *("cups:q,a5", "cups:a/b", "pdf:", "pdf:/srv", "pdf:/srv,a3", "pdf:,a6", "lpt:1"),
    ],
)
def test_other_words_are_refused_with_what_to_write(text: str) -> None:
    with pytest.raises(BadDestination, match="tcp:HOST:PORT"):
        parse_destination(text)


_NAMES = st.text("abcXYZ019._", min_size=1, max_size=8)
DESTINATIONS: st.SearchStrategy[Destination] = st.one_of(
    st.just(Nowhere()),
    _NAMES.map(lambda name: ToFile(Path(f"/srv/{name}"))),
    st.builds(ToNetwork, _NAMES | st.just("fe80::1"), st.integers(1, 65535), mute=st.booleans()),
    st.just(ToUsb()),
    st.builds(ToUsb, st.integers(0, 65535), st.integers(0, 65535), _NAMES | st.just("")),
    st.builds(ToSerial, _NAMES, st.sampled_from([4800, 9600, 19200, 38400, 57600, 115200])),
    st.builds(ToCups, _NAMES, st.sampled_from([None, "a6", "a4"])),
    st.builds(ToPdf, _NAMES.map(Path), st.sampled_from(["a6", "a4"])),
)


@given(DESTINATIONS)
def test_what_is_written_is_read_back(destination: Destination) -> None:
    assert parse_destination(write_destination(destination)) == destination


def test_every_profile_has_a_name_of_its_own_and_a_width_that_can_be_drawn() -> None:
    assert len({profile.name for profile in PROFILES}) == len(PROFILES)
    for profile in PROFILES:
        assert profile_of(profile.name) is profile
        assert profile.dots in WIDTHS


def test_a_printer_that_nobody_knows_is_asked_for_nothing_special() -> None:
    assert (UNKNOWN.kanji, UNKNOWN.qr, UNKNOWN.answers, UNKNOWN.drawer) == (
        False,
        False,
        "status",
        False,
    )


def test_a_profile_that_is_not_there_is_answered_with_those_that_are() -> None:
    with pytest.raises(BadDestination, match="epson-tm-t88"):
        profile_of("tm-t88")
