"""HTTP read in C, with an end to how long a request's head may become.

uvicorn's reader in Python (h11) takes a sixth of what a small call costs the hub. httptools, which
reads in C, keeps a head for as long as it comes: who never ends one would fill the hub's memory.
"""

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MOST = 64 * 1024
"""Bytes of a head, or of the fields behind a body, that may come before the next step."""


class BoundedHead(HttpToolsProtocol):
    """One connection, which may not go on for long without coming to a head's or a body's part."""

    _since = 0
    """Bytes since the last step."""

    def data_received(self, data: bytes) -> None:
        """Read what came; close where it leads nowhere."""
        self._since += len(data)
        super().data_received(data)
        if self._since > MOST and not self.transport.is_closing():
            self.logger.warning("a request's head of more than %d bytes was not read", MOST)
            self.send_400_response("The request's head is too long.")

    def on_headers_complete(self) -> None:
        """A head has come to its end."""
        self._since = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A part of a body has come."""
        self._since = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """A request is whole."""
        self._since = 0
        super().on_message_complete()
