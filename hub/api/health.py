"""Is it alive, is it ready, how much has it done: for whoever watches the hub from outside.

The first two need no sign-in and tell nothing of anybody. Figures are for who may read everything
of all towns; nobody else sees them.
"""

import anyio
import msgspec
from litestar import MediaType, Response, get
from litestar.di import NamedDependency
from litestar.types import ControllerRouterHandler

from hub.metrics import TEXT, Figures
from hub.people import Person, Role
from hub.readiness import PATIENCE, SILENT, Looking, Readiness
from sync.errors import RefusedByRule
from sync.request import problem_response

WATCHERS = frozenset({Role.AUDITOR, Role.PLATFORM, Role.MONITOR})
"""Who may see figures, where they work for all towns."""
_AGAIN = 5
"""Seconds until somebody should look again."""


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """The program runs."""

    status: str = "alive"


class Ready(msgspec.Struct, frozen=True, kw_only=True):
    """Calls can be answered; ``stopped`` are towns whose records are kept but not judged."""

    status: str = "ready"
    stopped: tuple[str, ...] = ()


@get("/v1/health", sync_to_thread=False)
def health() -> Health:
    """Say that the program runs; nothing is asked of the database."""
    return Health()


@get("/v1/ready", says=Ready)
async def ready(looking: NamedDependency[Looking]) -> Response[bytes]:
    """Say whether calls can be answered now; 503 with what is lacking where they cannot."""
    found = Readiness(lacking=(SILENT,), stopped=())
    with anyio.move_on_after(PATIENCE):
        found = await anyio.to_thread.run_sync(looking.look, abandon_on_cancel=True)
    if not found.lacking:
        return Response(
            msgspec.json.encode(Ready(stopped=found.stopped)), media_type=MediaType.JSON
        )
    problem = problem_response(503, "not-ready", "; ".join(found.lacking), retry_after=_AGAIN)
    return Response(
        problem.body,
        status_code=problem.status,
        media_type=problem.content_type,
        headers=dict(problem.headers),
    )


@get("/v1/metrics", sync_to_thread=True, gives=TEXT)
def metrics(figures: NamedDependency[Figures], by: NamedDependency[Person]) -> Response[bytes]:
    """Give all figures in Prometheus' text format, to who may see them."""
    if by.role not in WATCHERS or by.municipality is not None:
        raise RefusedByRule("not-allowed", f"{by.name} ({by.role}) may not see the hub's figures")
    return Response(figures.text(), media_type=TEXT)


OPEN: tuple[ControllerRouterHandler, ...] = (health, ready)
"""Without a token."""
SIGNED_IN: tuple[ControllerRouterHandler, ...] = (metrics,)
