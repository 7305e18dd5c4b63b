"""An OTLP/HTTP receiver that decodes what real collectors decode, and misbehaves on demand."""

from __future__ import annotations

import gzip
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal

from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.trace.v1.trace_pb2 import Span as ProtoSpan
from opentelemetry.proto.trace.v1.trace_pb2 import Status

Mood = Literal["takes", "hangs", "fails"]


@dataclass(frozen=True)
class Received:
    """A span as it arrived."""

    name: str
    kind: str
    trace_id: str
    span_id: str
    parent_id: str
    links: tuple[str, ...]
    """The ids of the spans that it links to."""
    attributes: Mapping[str, Any]
    failed: bool
    status_text: str
    events: int
    resource: Mapping[str, Any]
    raw: str

    @property
    def stage(self) -> str | None:
        return self.attributes.get("reeld.stage")


@dataclass
class OtlpReceiver:
    """Listens on a port of its own; `endpoint` is what a sender is told."""

    mood: Mood = "takes"
    headers: list[dict[str, str]] = field(default_factory=list)
    _spans: list[Received] = field(default_factory=list)

    def start(self) -> None:
        self._over = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        self._over.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def spans(self) -> list[Received]:
        return list(self._spans)

    def named(self, name: str) -> list[Received]:
        return [span for span in self.spans if span.name == name]

    def by_id(self) -> dict[str, Received]:
        return {span.span_id: span for span in self.spans}

    def wait_for(self, holds: Callable[[OtlpReceiver], bool], seconds: float = 30.0) -> None:
        """Block until it holds; call it in a worker thread."""
        until = time.monotonic() + seconds
        while not holds(self):
            assert time.monotonic() < until, sorted({span.name for span in self.spans})
            time.sleep(0.02)

    def take(self, body: bytes) -> None:
        request = ExportTraceServiceRequest()
        request.ParseFromString(body)
        for group in request.resource_spans:
            resource = _values(group.resource.attributes)
            for scope in group.scope_spans:
                self._spans.extend(_received(span, resource) for span in scope.spans)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.headers.append({k.lower(): v for k, v in self.headers.items()})
                if receiver.mood == "hangs":
                    receiver._over.wait(60)
                    self.close_connection = True
                    return
                if self.headers.get("Content-Encoding") == "gzip":
                    body = gzip.decompress(body)
                self._answer(self._status(body))

            def _status(self, body: bytes) -> int:
                right = self.headers["Content-Type"] == "application/x-protobuf"
                if receiver.mood == "fails":
                    return 500
                if self.path != "/v1/traces" or not right:
                    return 404
                try:
                    receiver.take(body)
                except DecodeError:
                    return 400
                return 200

            def _answer(self, status: int) -> None:
                answer = ExportTraceServiceResponse().SerializeToString()
                self.send_response(status)
                self.send_header("Content-Type", "application/x-protobuf")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                pass

        return Handler


def _received(span: ProtoSpan, resource: Mapping[str, Any]) -> Received:
    return Received(
        name=span.name,
        kind=ProtoSpan.SpanKind.Name(span.kind).removeprefix("SPAN_KIND_"),
        trace_id=span.trace_id.hex(),
        span_id=span.span_id.hex(),
        parent_id=span.parent_span_id.hex(),
        links=tuple(link.span_id.hex() for link in span.links),
        attributes=_values(span.attributes),
        failed=span.status.code == Status.STATUS_CODE_ERROR,
        status_text=span.status.message,
        events=len(span.events),
        resource=resource,
        raw=str(span),
    )


def _values(attributes: Any) -> dict[str, Any]:
    return {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in attributes}
