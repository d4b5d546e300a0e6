"""Answers that are a page of a list: the rows, and where the next page is.

The next page's address stands in a Link with ``rel="next"`` (RFC 8288), as it is to be asked for.
"""

from typing import Any, TypeVar
from urllib.parse import urlencode

from litestar import Request, Response

from hub.paging import USUAL, Listed

T = TypeVar("T")


def paged(request: Request[Any, Any, Any], listed: Listed[T], limit: int) -> Response[list[T]]:
    """A page as an answer."""
    if not listed.next:
        return Response(list(listed))
    query = {"after": listed.next} | ({} if limit == USUAL else {"limit": limit})
    link = f'<{request.url.path}?{urlencode(query)}>; rel="next"'
    return Response(list(listed), headers={"Link": link})
