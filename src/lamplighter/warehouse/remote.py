"""Reads of a warehouse that another process owns: compiled SQL out, Arrow rows back, over a Unix socket.

One request a connection, in frames of one byte of kind, four bytes of length and a body:
``Q`` the request as JSON, ``I`` an Arrow table it brings along; answered by ``D`` (pieces of an Arrow
stream), then ``Z``, or by ``E``, an error of our tree as JSON. The socket is private to the user (0600);
who can open it may read every organization, as who runs the worker can.
"""

import json
import os
import socket
import socketserver
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from io import BufferedIOBase
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, BinaryIO, cast
from uuid import UUID

import pyarrow as pa

from lamplighter import errors
from lamplighter.errors import InvalidInput, LamplighterError, Misconfigured, Unavailable

if TYPE_CHECKING:
    from lamplighter.warehouse.warehouse import Warehouse

AT_ONCE = 16
"""Queries answered at one time; the next ones wait up to ``WAIT_SECONDS``, then are told to come again."""
WAIT_SECONDS = 10.0
LONGEST_SECONDS = 300.0
SILENCE_SECONDS = 60.0
LARGEST_FRAME = 256 * 1024 * 1024
PIECE = 1024 * 1024
_HEAD = struct.Struct("<cI")


@contextmanager
def serving(warehouse: "Warehouse", path: Path | str) -> Iterator[None]:
    """Answer reads on a socket at ``path`` until the block ends."""
    server = _Server(warehouse, Path(path))
    thread = threading.Thread(target=server.serve_forever, args=(0.1,), name="warehouse-socket", daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        Path(path).unlink(missing_ok=True)
        thread.join()


class RemoteReader:
    """The way to a worker's warehouse, with the same ``stream`` as an engine."""

    def __init__(self, path: Path | str | Callable[[], str], dialect: str = "duckdb") -> None:
        self.dialect = dialect
        self._path = path if callable(path) else lambda: str(path)

    def stream(
        self,
        organization_id: UUID,
        sql: str,
        inputs: Mapping[str, pa.Table],
        seconds: float | None,
    ) -> pa.RecordBatchReader:
        """Send the query and hand on what comes back as it comes."""
        limit = min(seconds or LONGEST_SECONDS, LONGEST_SECONDS)
        connection = self._connect(limit)
        try:
            with connection.makefile("wb") as out:
                asked = {
                    "organization": str(organization_id),
                    "sql": sql,
                    "seconds": limit,
                    "inputs": list(inputs),
                }
                _send(out, b"Q", json.dumps(asked).encode())
                for table in inputs.values():
                    _send(out, b"I", _packed(table))
            answer = _Answer(connection.makefile("rb"))
            rows = pa.ipc.open_stream(pa.PythonFile(answer, "r"))
        except BaseException:
            connection.close()
            raise

        def batches() -> Iterator[pa.RecordBatch]:
            with closing(connection), closing(answer):
                yield from rows

        return pa.RecordBatchReader.from_batches(rows.schema, batches())

    def close(self) -> None:
        """Nothing is held between requests."""

    def _connect(self, limit: float) -> socket.socket:
        path = self._path()
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(limit + WAIT_SECONDS + 5)
        try:
            connection.connect(path)
        except OSError as error:
            connection.close()
            raise Unavailable(
                f"The worker that owns the warehouse does not answer ({error.strerror}). Start it with: lamplighter work"
            ) from error
        return connection


class _Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, warehouse: "Warehouse", path: Path) -> None:
        if len(os.fsencode(path)) > 100:
            raise Misconfigured(
                f"{path} is too long for a socket (100 bytes at most). Choose a shorter folder."
            )
        self.warehouse = warehouse
        self.places = threading.BoundedSemaphore(AT_ONCE)
        unready = path.with_name(path.name + "-")
        for stale in (unready, path):
            stale.unlink(missing_ok=True)
        super().__init__(str(unready), _Request)
        unready.chmod(0o600)
        unready.rename(path)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no fault of ours."""


class _Request(socketserver.StreamRequestHandler):
    timeout = SILENCE_SECONDS
    server: _Server

    def handle(self) -> None:
        out = cast(BinaryIO, self.wfile)
        try:
            self._answer(out)
        except LamplighterError as error:
            self._refuse(out, error)
        except OSError:
            return
        except Exception as error:
            self._refuse(out, LamplighterError(f"The warehouse failed at this query: {error}"))
            raise

    def _answer(self, out: BinaryIO) -> None:
        asked = json.loads(_expect(self.rfile, b"Q"))
        inputs = {name: pa.ipc.open_stream(_expect(self.rfile, b"I")).read_all() for name in asked["inputs"]}
        if not self.server.places.acquire(timeout=WAIT_SECONDS):
            raise Unavailable(
                "Too many queries are being answered at this moment. Try again in a few seconds."
            )
        try:
            rows = self.server.warehouse.query(
                asked["sql"], UUID(asked["organization"]), inputs=inputs, seconds=asked["seconds"]
            )
            with closing(_Pieces(out)) as pieces, pa.ipc.new_stream(pieces, rows.schema) as stream:
                for batch in rows:
                    stream.write_batch(batch)
            _send(out, b"Z", b"")
        finally:
            self.server.places.release()

    def _refuse(self, out: BinaryIO, error: LamplighterError) -> None:
        told = {"code": error.code, "message": str(error)}
        with suppress(OSError):
            _send(out, b"E", json.dumps(told).encode())


class _Pieces:
    """A file that sends what is written to it in frames of about a megabyte."""

    closed = False

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._held = bytearray()

    def write(self, data: Any) -> int:
        self._held += data
        if len(self._held) >= PIECE:
            self.flush()
        return len(data)

    def flush(self) -> None:
        if self._held:
            _send(self._out, b"D", self._held)
            self._held = bytearray()

    def close(self) -> None:
        self.flush()

    def writable(self) -> bool:
        return True


class _Answer:
    """A file of what comes back; raises the error that comes instead."""

    closed = False

    def __init__(self, source: IO[bytes] | BufferedIOBase) -> None:
        self._source = source
        self._held = memoryview(b"")

    def read(self, size: int = -1) -> bytes:
        parts: list[memoryview] = []
        while size:
            if not self._held:
                kind, body = _receive(self._source)
                if kind == b"E":
                    raise _known(json.loads(body))
                if kind != b"D":
                    break
                self._held = memoryview(body)
            part = self._held[: size if size > 0 else None]
            self._held = self._held[len(part) :]
            parts.append(part)
            size -= len(part) if size > 0 else 0
        return b"".join(parts)

    def close(self) -> None:
        self._source.close()

    def readable(self) -> bool:
        return True


def _send(out: BinaryIO, kind: bytes, body: bytes | bytearray) -> None:
    if len(body) > LARGEST_FRAME:
        raise InvalidInput(
            "A query and each table it brings along may have 256 MB at most. Ask for less at once."
        )
    out.write(_HEAD.pack(kind, len(body)))
    out.write(body)
    out.flush()


def _receive(source: IO[bytes] | BufferedIOBase) -> tuple[bytes, bytes]:
    head = source.read(_HEAD.size)
    if len(head) < _HEAD.size:
        raise Unavailable("The worker went away in the middle of its answer. Try again.")
    kind, length = _HEAD.unpack(head)
    if length > LARGEST_FRAME:
        raise Unavailable("What came over the socket is no message of this program.")
    body = source.read(length)
    if len(body) < length:
        raise Unavailable("The worker went away in the middle of its answer. Try again.")
    return kind, body


def _expect(source: IO[bytes] | BufferedIOBase, wanted: bytes) -> bytes:
    kind, body = _receive(source)
    if kind != wanted:
        raise InvalidInput("What came over the socket is no message of this program.")
    return body


def _packed(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    return cast(bytes, sink.getvalue().to_pybytes())


def _known(told: dict[str, str]) -> LamplighterError:
    """The error of our tree that the other side raised."""
    kinds: list[type[LamplighterError]] = [LamplighterError]
    for kind in kinds:
        kinds += kind.__subclasses__()
    by_code = {kind.code: kind for kind in reversed(kinds) if kind.__module__ == errors.__name__}
    return by_code.get(told["code"], LamplighterError)(told["message"])
