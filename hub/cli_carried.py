"""``machikado hub import``: records that came on a stick."""

from pathlib import Path

import click

from hub.forms import ParcelForm
from hub.shell import Asker, as_person, say
from sync.errors import Malformed


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@as_person
def import_records(*, asker: Asker, file: Path) -> None:
    """Take in the records of FILE, which a terminal exported; again changes nothing."""
    from sync.session import read_stick

    try:
        stick = read_stick(file.read_bytes())
    except OSError as error:
        raise Malformed(f"{file} cannot be read: {error.strerror}") from None
    if not stick.parcels:
        raise Malformed(f"{file} holds no records: everything had its receipt already")
    with asker.client() as client:
        for parcel in stick.parcels:
            form = ParcelForm(
                node=stick.node, epoch=parcel.epoch, first=parcel.first, body=parcel.body
            )
            row = client.take_parcel(form)
            say(row, asker, f"{row.node} {row.epoch}: {row.first} to {row.last}, {row.new} new")


CARRIED = (import_records,)
