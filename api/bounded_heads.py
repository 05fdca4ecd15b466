"""HTTP/1.1 as uvicorn speaks it, with an end to how much may come before a request's body."""

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

# Request line and headers (or trailers) together; what arrives with the piece that starts or ends them is not counted.
MAX_HEAD_BYTES = 64 * 1024
_REFUSAL = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: 32\r\n"
    b"connection: close\r\n\r\nheaders are at most 65536 bytes\n"
)


class BoundedHeads(HttpToolsProtocol):
    """Closes a connection whose request line, headers, trailers or chunk extensions do not end.

    The parser under it keeps an unfinished header whole and copies it with each piece that arrives: without a bound,
    one connection could keep the server busy for minutes (RFC 6585 section 5).
    """

    _steps = 0
    _pending = 0

    def data_received(self, data: bytes) -> None:
        """Parse `data`; answer 431 and hang up once too much came without a step forward."""
        before = self._steps
        super().data_received(data)
        self._pending = self._pending + len(data) if self._steps == before else 0
        if self._pending > MAX_HEAD_BYTES and not self.transport.is_closing():
            if self.cycle is None or self.cycle.response_complete:
                self.transport.write(_REFUSAL)
            self.transport.close()

    def on_message_begin(self) -> None:
        """A step: a request starts."""
        self._steps += 1
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """A step: its headers ended."""
        self._steps += 1
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A step: a piece of its body."""
        self._steps += 1
        super().on_body(body)

    def on_message_complete(self) -> None:
        """A step: it ended."""
        self._steps += 1
        super().on_message_complete()
