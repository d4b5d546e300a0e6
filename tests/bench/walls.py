"""The walls of this machine, now: what nothing that we do can be quicker than."""

import os
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

_PAGE = b"\0" * 8192
_MESSAGE = b"a record of about this length" * 8
_READY = 1.0
"""Seconds in which every process has made its key."""


def append_and_sync(
    folder: Path, times: int, before: Callable[[], object] = lambda: None
) -> list[float]:
    """Seconds of each of many ``append 8 kB + fdatasync`` on the disk of ``folder``.

    ``before`` each one, and not counted, comes what stands between two of those it is the limit of.
    """
    file = os.open(folder / "wall", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    samples = []
    try:
        for _ in range(times):
            before()
            began = time.perf_counter()
            os.write(file, _PAGE)
            os.fdatasync(file)
            samples.append(time.perf_counter() - began)
    finally:
        os.close(file)
        (folder / "wall").unlink()
    return samples


def verifies_a_second(pool: ProcessPoolExecutor, cores: int, seconds: float) -> float:
    """RSA-2048 verifications a second with all cores at it at the same time, the key loaded."""
    begin = time.monotonic() + _READY
    return sum(pool.map(partial(_verify_for, begin), [seconds] * cores))


def _verify_for(begin: float, seconds: float) -> float:
    """From the same moment on as the others: one alone would have their share of the machine."""
    public, signature = _signed()
    padding, digest = PKCS1v15(), SHA256()
    time.sleep(max(0.0, begin - time.monotonic()))
    done, began = 0, time.perf_counter()
    while (passed := time.perf_counter() - began) < seconds:
        for _ in range(200):
            public.verify(signature, _MESSAGE, padding, digest)
        done += 200
    return done / passed


@cache
def _signed() -> tuple[rsa.RSAPublicKey, bytes]:
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return private.public_key(), private.sign(_MESSAGE, PKCS1v15(), SHA256())
