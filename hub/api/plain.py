"""One call between the server's messages (ASGI) and the values that the door works with."""

from typing import Any

from litestar.types import Send

from sync.request import Request, Response, header_of


def plain(scope: Any, body: bytes) -> Request:
    """The request as it came over the line: its target is what was signed, undecoded."""
    headers = tuple(
        (name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]
    )
    query: bytes = scope["query_string"]
    return Request(
        method=scope["method"],
        path_with_query=(target_of(scope) + (b"?" + query if query else b"")).decode(
            "ascii", "replace"
        ),
        content_type=header_of(headers, "content-type"),
        body=body,
        headers=headers,
    )


def target_of(scope: Any) -> bytes:
    """The path as it was written; some servers leave the query in."""
    target: bytes = scope["raw_path"].partition(b"?")[0]
    return target


async def say(answer: Response, send: Send) -> None:
    """Send an answer."""
    headers = [
        (b"content-type", answer.content_type.encode("ascii")),
        (b"content-length", str(len(answer.body)).encode("ascii")),
        *((name.lower().encode("ascii"), value.encode("ascii")) for name, value in answer.headers),
    ]
    start: Any = {"type": "http.response.start", "status": answer.status, "headers": headers}
    await send(start)
    end: Any = {"type": "http.response.body", "body": answer.body, "more_body": False}
    await send(end)
