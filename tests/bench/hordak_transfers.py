"""django-hordak's own ``transfer_to``, again and again; run by the Python that has it.

``python hordak_transfers.py FOLDER DATABASE SECONDS CONNECTIONS`` makes its tables and accounts in
an empty PostgreSQL database whose server's socket is in FOLDER, and prints one JSON object:
``versions``, ``transfers``, ``seconds``, ``samples`` (the time of some transfers) and what the
books say in the end, ``legs`` and ``moved``. Each transfer is one durable transaction, as its
documentation asks for. All settings are Django's and hordak's own, but for the currency and the
kept connections.
"""

import json
import multiprocessing
import sys
import time
from decimal import Decimal
from importlib.metadata import version
from typing import Any

# Django and hordak are in an environment of their own, where no type checker looks.
import django  # type: ignore[import-not-found]
from django.conf import settings  # type: ignore[import-not-found]

WALLETS, SHOPS = 1_000, 100
PRICE = 10
"""Yen. No wallet was given anything: nothing here looks whether it is there."""
PACKAGES = ("django", "django-hordak", "psycopg")


def main(folder: str, name: str, seconds: float, connections: int) -> None:
    """Make everything, let each connection transfer for a while, and count."""
    settings.configure(
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.postgresql",
                "HOST": folder,
                "NAME": name,
                "USER": "postgres",
                "CONN_MAX_AGE": None,
            }
        },
        INSTALLED_APPS=["django.contrib.contenttypes", "mptt", "djmoney", "hordak"],
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        USE_TZ=True,
        DEFAULT_CURRENCY="JPY",
        CURRENCIES=["JPY"],
    )
    django.setup()
    _found()
    context = multiprocessing.get_context("fork")
    begin = time.monotonic() + 0.5
    with context.Pool(connections) as pool:
        work = [(begin, seconds, place, connections) for place in range(connections)]
        done = pool.starmap(_transfer, work)
    print(json.dumps(_counted(done)))  # noqa: T201  whoever started this reads it


def _found() -> None:
    from django.core.management import call_command  # type: ignore[import-not-found]
    from django.db import connections  # type: ignore[import-not-found]
    from hordak.models import Account, AccountType  # type: ignore[import-not-found]

    call_command("migrate", verbosity=0)
    for place in range(WALLETS + SHOPS):
        Account.objects.create(
            name=_name(place), code=str(10_000 + place), type=AccountType.asset, currencies=["JPY"]
        )
    connections.close_all()  # each process opens its own


def _name(place: int) -> str:
    return f"wallet {place}" if place < WALLETS else f"shop {place - WALLETS}"


def _transfer(begin: float, seconds: float, place: int, of: int) -> tuple[int, float, list[float]]:
    """Transfers, seconds and samples of one connection; its accounts come by turns."""
    from django.db import transaction
    from hordak.models import Account
    from moneyed import Money  # type: ignore[import-not-found]

    known = {account.name: account for account in Account.objects.all()}
    wallets = [known[_name(each)] for each in range(place, WALLETS, of)]
    shops = [known[_name(WALLETS + each)] for each in range(SHOPS)]
    price, samples, done = Money(Decimal(PRICE), "JPY"), [], 0
    time.sleep(max(0.0, begin - time.monotonic()))
    began = time.perf_counter()
    while (now := time.perf_counter()) - began < seconds:
        with transaction.atomic():
            wallets[done % len(wallets)].transfer_to(shops[done % SHOPS], price)
        samples.append(time.perf_counter() - now)
        done += 1
    return done, time.perf_counter() - began, samples[:: max(1, done // 200)]


def _counted(done: list[tuple[int, float, list[float]]]) -> dict[str, Any]:
    from django.db.models import Count, Sum  # type: ignore[import-not-found]
    from hordak.models import Leg

    totals = Leg.objects.aggregate(legs=Count("id"), credit=Sum("credit"), debit=Sum("debit"))
    return {
        "versions": {name: version(name) for name in PACKAGES},
        "transfers": sum(count for count, _, _ in done),
        "seconds": max(long for _, long, _ in done),
        "samples": [each for _, _, some in done for each in some],
        "legs": totals["legs"],
        "moved": [int(totals["credit"]), int(totals["debit"])],
    }


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], float(sys.argv[3]), int(sys.argv[4]))
