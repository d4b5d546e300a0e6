"""The hub's figures, as Prometheus reads them (text format 0.0.4, through prometheus-client).

Calls are counted as they are answered. Everything about records and towns is asked of the database
when somebody looks, so that it is true after a restart as well. No figure names a person, a card,
an account or a terminal: towns and routes are the only names in them.
"""

from collections.abc import Callable, Iterable

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from hub.core import Core
from hub.store.database import Tx

TEXT = "text/plain; version=0.0.4"
"""In UTF-8, which the application adds."""
_SECONDS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Where the histogram's steps lie: a hold takes milliseconds, a month's closing many seconds."""
_METHODS = frozenset({"GET", "PUT", "POST", "DELETE", "HEAD", "OPTIONS", "PATCH"})
_FULL = (429, 503)
"""Statuses that ask to come again later."""
_JUDGED = ("exception", "quarantined")


class Served:
    """Counts calls by their route."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._requests = Counter(
            "machikado_requests",
            "Calls that were answered, by route and status.",
            ("method", "route", "status"),
            registry=registry,
        )
        self._seconds = Histogram(
            "machikado_request_seconds",
            "From a call's first byte to its answer's last one.",
            ("route",),
            buckets=_SECONDS,
            registry=registry,
        )
        self._put_off = Counter(
            "machikado_requests_put_off",
            "Calls that were asked to come again later (429 and 503).",
            ("status",),
            registry=registry,
        )
        for status in _FULL:
            self._put_off.labels(str(status))  # there from the beginning, as 0

    def note(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a call that was answered."""
        method = method if method in _METHODS else "OTHER"
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)
        if status in _FULL:
            self._put_off.labels(str(status)).inc()


class Figures:
    """All figures of one hub, in a registry of its own."""

    def __init__(self, core: Core, restarts: Callable[[], int]) -> None:
        self._registry = CollectorRegistry(auto_describe=False)
        self.served = Served(self._registry)
        self._registry.register(_Stored(core, restarts))

    def text(self) -> bytes:
        """Everything as it is now; raises Unreachable where the database does not answer."""
        return generate_latest(self._registry)


class _Stored(Collector):
    """What the database knows, asked for each time."""

    def __init__(self, core: Core, restarts: Callable[[], int]) -> None:
        self._core = core
        self._restarts = restarts

    def describe(self) -> Iterable[Metric]:
        """Registering asks for this; nothing is read before somebody looks."""
        return ()

    def collect(self) -> Iterable[Metric]:
        """Ask for everything at once: nobody waits for the database while it is written out."""
        restarts = CounterMetricFamily(
            "machikado_verifier_restarts", "Verifier processes that died and were replaced."
        )
        restarts.add_metric([], self._restarts())
        with self._core.database.read() as tx:
            size = GaugeMetricFamily(
                "machikado_database_bytes",
                "How large the ledger's database is.",
                value=self._core.database.size(tx),
            )
            return [*_records(tx), *_verdicts(tx), *_waiting(tx), size, restarts]


def _records(tx: Tx) -> Iterable[Metric]:
    received = CounterMetricFamily(
        "machikado_records_received", "Records in custody, ever.", labels=["municipality"]
    )
    posted = CounterMetricFamily(
        "machikado_records_posted", "Records that were judged, ever.", labels=["municipality"]
    )
    waiting = GaugeMetricFamily(
        "machikado_records_waiting", "In custody and not judged yet.", labels=["municipality"]
    )
    for town, taken, judged in tx.rows(
        "SELECT municipality, sum(received-base), sum(posted-base) FROM cursor"
        " GROUP BY municipality ORDER BY municipality"
    ):
        received.add_metric([town], int(taken))
        posted.add_metric([town], int(judged))
        waiting.add_metric([town], int(taken) - int(judged))
    return received, posted, waiting


def _verdicts(tx: Tx) -> Iterable[Metric]:
    """What was not simply applied, and how much of it still waits for people."""
    total = CounterMetricFamily(
        "machikado_verdicts",
        "Records that were judged an exception, or put in quarantine.",
        labels=["outcome"],
    )
    undecided = GaugeMetricFamily(
        "machikado_exceptions_open", "What people have not decided yet.", labels=["kind"]
    )
    found = tx.rows("SELECT kind, state, count(*) FROM incident GROUP BY kind, state")
    for outcome in _JUDGED:
        total.add_metric([outcome], sum(n for kind, _, n in found if kind == outcome))
    for kind in sorted({*_JUDGED, *(kind for kind, _, _ in found)}):
        still = sum(n for each, state, n in found if each == kind and state == "open")
        undecided.add_metric([kind], still)
    return total, undecided


def _waiting(tx: Tx) -> Iterable[Metric]:
    """What is open, by town."""
    return (
        _by_town(
            tx,
            "machikado_holds_open",
            "Points and tickets that are kept for a terminal, by the terminal's town.",
            "SELECT municipality, count(*) FROM hold WHERE state='open' GROUP BY municipality",
        ),
        _by_town(
            tx,
            "machikado_towns_stopped",
            "1 for a town whose records are kept but not judged: its books do not add up.",
            "SELECT DISTINCT municipality, 1 FROM incident WHERE kind='posting' AND state='open'",
        ),
        _by_town(
            tx,
            "machikado_second_person_waiting",
            "What waits for a second person.",
            "SELECT municipality, count(*) FROM pending WHERE state='waiting'"
            " GROUP BY municipality",
        ),
    )


def _by_town(tx: Tx, name: str, words: str, statement: str) -> Metric:
    family = GaugeMetricFamily(name, words, labels=["municipality"])
    for town, count in tx.rows(statement):
        family.add_metric([town], int(count))
    return family
