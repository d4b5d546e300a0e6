"""Answers that are a page of a list: the rows, and where the next page is.

Every list is answered so. The next page's address stands in a Link with ``rel="next"`` (RFC 8288),
as it is to be asked for.
"""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

from litestar import Request, Response
from litestar.params import FromQuery

from hub.paging import USUAL, Key, Listed, Page, asked, part

T = TypeVar("T")


class Paged:
    """What the endpoint of a list is given: which page is asked for, and how it is answered."""

    def __init__(self, page: Page, path: str) -> None:
        self.page = page
        self._path = path

    def __call__(self, listed: Listed[T]) -> Response[list[T]]:
        """A page as an answer."""
        if not listed.next:
            return Response(list(listed))
        query = {"after": listed.next} | (
            {} if self.page.limit == USUAL else {"limit": self.page.limit}
        )
        link = f'<{self._path}?{urlencode(query)}>; rel="next"'
        return Response(list(listed), headers={"Link": link})

    def of(self, rows: Iterable[T], key: Callable[[T], Key]) -> Response[list[T]]:
        """A page of a list that is made whole, in the order of the rows' keys."""
        return self(part(rows, self.page, key))


def paged(
    request: Request[Any, Any, Any], after: FromQuery[str] = "", limit: FromQuery[int] = USUAL
) -> Paged:
    """Read which page is asked for; raises Malformed."""
    return Paged(asked(after, limit), quote(request.url.path))
