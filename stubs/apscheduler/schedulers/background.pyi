from collections.abc import Callable, Mapping
from datetime import tzinfo

class BackgroundScheduler:
    def __init__(self, *, timezone: tzinfo, job_defaults: Mapping[str, object]) -> None: ...
    def add_job(
        self,
        func: Callable[[], object],
        trigger: str | None = ...,
        *,
        seconds: int = ...,
        jitter: int | None = ...,
        max_instances: int = ...,
        id: str | None = ...,  # noqa: A002  the library calls it so
    ) -> object: ...
    def start(self) -> None: ...
    def shutdown(self, wait: bool = ...) -> None: ...
