"""What the server loads before it forks programs: see :mod:`tests.faults.programs`."""

import cryptography.hazmat.primitives.asymmetric.rsa
import httpx
import litestar
import uvicorn

import hub.hub
import hub.serve
import node.opening
import printer.layout
import sync.http
import tests.faults.programs

__all__ = [
    "cryptography",
    "httpx",
    "hub",
    "litestar",
    "node",
    "printer",
    "sync",
    "tests",
    "uvicorn",
]
