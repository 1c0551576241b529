"""The plugin as the engine starts it, spoken to over its own protocol: a real process, a real port."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc

from formerr_infra.local.standin.rpc import pb, pb_grpc
from formerr_infra.local.standin.values import from_struct, to_struct

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

CHECKOUT = Path(__file__).resolve().parents[2]
TOKEN = "local-token"


def environment(endpoint: str | None, **more: str) -> dict[str, str]:
    """What local mode gives the plugin; nothing waits long, nothing is sent twice unless a test says so."""
    given = {
        **os.environ,
        "FORMERR_LOCAL": "1",
        "DIGITALOCEAN_TOKEN": TOKEN,
        "DIGITALOCEAN_HTTP_RETRY_MAX": "0",
        "FORMERR_STANDIN_POLL_SECONDS": "0.02",
        "PYTHONPATH": os.pathsep.join([str(CHECKOUT), os.environ.get("PYTHONPATH", "")]),
        **more,
    }
    if endpoint is not None:
        given["DIGITALOCEAN_API_URL"] = endpoint
    return given


def command() -> list[str]:
    """How the plugin is started."""
    return [sys.executable, "-m", "formerr_infra.local.standin"]


def urn(token: str, name: str = "it") -> str:
    """A resource's URN in a stack of no importance."""
    return f"urn:pulumi:dev::standin-test::{token}::{name}"


@dataclass(slots=True)
class Wire:
    """Calls of the protocol, in plain property maps."""

    stub: Any
    process: subprocess.Popen[str]

    def configure(self, **args: Any) -> None:
        """Configure with provider inputs."""
        self.stub.Configure(pb.ConfigureRequest(args=to_struct(args), acceptSecrets=True))

    def check(self, token: str, news: dict[str, Any], olds: dict[str, Any] | None = None) -> Any:
        """The raw answer: inputs and failures."""
        request = pb.CheckRequest(
            urn=urn(token), olds=to_struct(olds or {}), news=to_struct(news), randomSeed=b"0123456789abcdef"
        )
        return self.stub.Check(request)

    def inputs(self, token: str, news: dict[str, Any]) -> dict[str, Any]:
        """Checked inputs; fails on any finding."""
        answer = self.check(token, news)
        assert not answer.failures, answer.failures
        return from_struct(answer.inputs)

    def create(
        self, token: str, news: dict[str, Any], *, preview: bool = False
    ) -> tuple[str, dict[str, Any]]:
        """Check and create; id and outputs."""
        properties = to_struct(self.inputs(token, news))
        answer = self.stub.Create(pb.CreateRequest(urn=urn(token), properties=properties, preview=preview))
        return str(answer.id), from_struct(answer.properties)

    def diff(self, token: str, ident: str, olds: dict[str, Any], news: dict[str, Any], *ignored: str) -> Any:
        """The raw answer of a diff of checked inputs."""
        request = pb.DiffRequest(
            id=ident,
            urn=urn(token),
            olds=to_struct(olds),
            news=to_struct(self.inputs(token, news)),
            ignoreChanges=ignored,
        )
        return self.stub.Diff(request)

    def update(self, token: str, ident: str, olds: dict[str, Any], news: dict[str, Any]) -> dict[str, Any]:
        """Check and update; outputs."""
        request = pb.UpdateRequest(
            id=ident, urn=urn(token), olds=to_struct(olds), news=to_struct(self.inputs(token, news))
        )
        return from_struct(self.stub.Update(request).properties)

    def read(
        self,
        token: str,
        ident: str,
        state: dict[str, Any] | None = None,
        inputs: dict[str, Any] | None = None,
    ) -> tuple[str, dict[str, Any], dict[str, Any]]:
        """Id, outputs and inputs; the id is empty when the thing is gone."""
        request = pb.ReadRequest(
            id=ident, urn=urn(token), properties=to_struct(state or {}), inputs=to_struct(inputs or {})
        )
        answer = self.stub.Read(request)
        return str(answer.id), from_struct(answer.properties), from_struct(answer.inputs)

    def delete(self, token: str, ident: str, olds: dict[str, Any]) -> None:
        """Delete."""
        self.stub.Delete(pb.DeleteRequest(id=ident, urn=urn(token), properties=to_struct(olds)))

    def invoke(self, name: str, /, **args: Any) -> dict[str, Any]:
        """Call a function."""
        token = f"digitalocean:index/{name}:{name}"
        answer = self.stub.Invoke(pb.InvokeRequest(tok=token, args=to_struct(args)))
        assert not answer.failures, answer.failures
        return from_struct(getattr(answer, "return"))


@contextmanager
def started(given: dict[str, str], program: Sequence[str] | None = None) -> Iterator[Wire]:
    """A running plugin, not configured yet: the stand-in, or another program."""
    process = subprocess.Popen(
        program or command(),
        env=given,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stderr is not None
        port = process.stdout.readline().strip()
        assert port.isdigit(), process.stderr.read()
        options = [("grpc.enable_http_proxy", 0)]
        with grpc.insecure_channel(f"127.0.0.1:{port}", options=options) as channel:
            yield Wire(pb_grpc.ResourceProviderStub(channel), process)
    finally:
        process.terminate()
        process.wait(timeout=10)
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()


def error_of(call: Any, *args: Any, **more: Any) -> str:
    """The message that a call fails with; what a user sees of it."""
    try:
        call(*args, **more)
    except grpc.RpcError as error:
        return str(error.details())
    raise AssertionError("the call succeeded")
