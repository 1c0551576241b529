"""The plugin's side of the provider protocol: gRPC in, property maps through `operations`, gRPC out.

Every error leaves as one clean message; a traceback never does, and neither does the token.
"""

# ruff: noqa: ARG002, N802 - the protocol says what the calls are named and given

from __future__ import annotations

import functools
import os
import threading
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import grpc
from google.protobuf import any_pb2, empty_pb2

from formerr_infra.errors import FormerrError
from formerr_infra.local.standin import config, operations
from formerr_infra.local.standin.api import Api, Connection
from formerr_infra.local.standin.check import Naming, check
from formerr_infra.local.standin.errors import StandinError
from formerr_infra.local.standin.fields import Props, Unknown
from formerr_infra.local.standin.plan import Change, Difference
from formerr_infra.local.standin.resource import Cloud, Function, Resource
from formerr_infra.local.standin.rpc import pb, pb_grpc, plugin_pb
from formerr_infra.local.standin.values import from_struct, to_struct

VERSION = "4.76.0+standin"

Method = TypeVar("Method", bound=Callable[..., Any])


def _guarded(method: Method) -> Method:
    """One clean message instead of a traceback."""

    @functools.wraps(method)
    def wrapped(self: Provider, request: Any, context: grpc.ServicerContext) -> Any:
        try:
            return method(self, request, context)
        except operations.Unfinished as error:
            self.abort_unfinished(context, error)
        except (StandinError, FormerrError) as error:
            context.abort(grpc.StatusCode.UNKNOWN, self.clean(str(error)))
        except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
            told = f"DigitalOcean answered in a form that was not expected ({type(error).__name__}: {error})"
            context.abort(grpc.StatusCode.INTERNAL, self.clean(told))

    return wrapped  # type: ignore[return-value]  # the wrapper keeps the signature


class Provider(pb_grpc.ResourceProviderServicer):  # type: ignore[misc]  # the stubs are untyped
    """One configured plugin; calls come in parallel.

    Args:
        resources, functions: by token.
        environment: read for token, endpoint and retries.
    """

    def __init__(
        self,
        resources: Mapping[str, Resource],
        functions: Mapping[str, Function],
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        self._resources = resources
        self._functions = functions
        self._environment = environment
        self._stopping = threading.Event()
        self._connection: Connection | None = None
        self._cloud: Cloud | None = None

    def clean(self, message: str) -> str:
        """A message without the token."""
        token = self._connection.token if self._connection else ""
        return message.replace(token, "[token]") if token else message

    def abort_unfinished(self, context: grpc.ServicerContext, error: operations.Unfinished) -> None:
        """Fail, and give the engine what belongs into the state all the same."""
        detail = pb.ErrorResourceInitFailed(
            id=error.ident,
            properties=to_struct(error.outputs, error.resource.fields),
            reasons=[self.clean(error.reason)],
        )
        packed = any_pb2.Any()
        packed.Pack(detail)
        status = _status(grpc.StatusCode.UNKNOWN.value[0], self.clean(error.reason), packed)
        context.set_trailing_metadata((("grpc-status-details-bin", status),))
        context.abort(grpc.StatusCode.UNKNOWN, self.clean(error.reason))

    @_guarded
    def Handshake(self, request: Any, context: grpc.ServicerContext) -> Any:
        return pb.ProviderHandshakeResponse(supports_autonaming_configuration=True)

    @_guarded
    def GetPluginInfo(self, request: Any, context: grpc.ServicerContext) -> Any:
        return plugin_pb.PluginInfo(version=VERSION)

    @_guarded
    def Attach(self, request: Any, context: grpc.ServicerContext) -> Any:
        return empty_pb2.Empty()

    @_guarded
    def Cancel(self, request: Any, context: grpc.ServicerContext) -> Any:
        self._stopping.set()
        return empty_pb2.Empty()

    @_guarded
    def GetSchema(self, request: Any, context: grpc.ServicerContext) -> Any:
        from formerr_infra.local.standin.schema import package_schema

        schema = package_schema(self._resources.values(), self._functions.values(), VERSION)
        return pb.GetSchemaResponse(schema=schema)

    @_guarded
    def CheckConfig(self, request: Any, context: grpc.ServicerContext) -> Any:
        given = from_struct(request.news)
        known = {field.name for field in config.CONFIG_FIELDS} | {"version", "pluginDownloadURL"}
        failures = [
            pb.CheckFailure(
                property=key, reason=f"Invalid or unknown key. Check `pulumi config get digitalocean:{key}`."
            )
            for key in sorted(set(given) - known)
        ]
        if not isinstance(given.get("apiEndpoint"), Unknown):
            given["apiEndpoint"] = config.endpoint_of(given, self._environment)
        return pb.CheckResponse(inputs=to_struct(given, config.CONFIG_FIELDS), failures=failures)

    @_guarded
    def DiffConfig(self, request: Any, context: grpc.ServicerContext) -> Any:
        olds, news = from_struct(request.old_inputs or request.olds), from_struct(request.news)
        differing = sorted(key for key in {*olds, *news} if olds.get(key) != news.get(key))
        return pb.DiffResponse(
            changes=pb.DiffResponse.DIFF_SOME if differing else pb.DiffResponse.DIFF_NONE, diffs=differing
        )

    @_guarded
    def Configure(self, request: Any, context: grpc.ServicerContext) -> Any:
        given = from_struct(request.args) if request.HasField("args") else {}
        for key, value in request.variables.items():
            given.setdefault(key.rsplit(":", 1)[-1], value)
        connection = config.connection(config.decoded(given), self._environment)
        self._connection = connection
        poll = float(self._environment.get(config.POLL_VARIABLE, "0.2"))
        api = Api(connection, self._stopping)
        threading.Thread(target=api.warm, name="warm", daemon=True).start()
        self._cloud = Cloud(api, self._stopping, poll_seconds=poll)
        return pb.ConfigureResponse(supportsPreview=True, supports_autonaming_configuration=True)

    @_guarded
    def Invoke(self, request: Any, context: grpc.ServicerContext) -> Any:
        function = self._functions.get(request.tok)
        if function is None:
            raise StandinError(f"the stand-in plugin has no function {request.tok}")
        checked = check(function.inputs, {}, from_struct(request.args), Naming("", disabled=True))
        if checked.failures:
            failures = [pb.CheckFailure(property=path, reason=reason) for path, reason in checked.failures]
            return pb.InvokeResponse(failures=failures)
        answer = to_struct(function.call(self._running(), checked.inputs), function.outputs)
        return pb.InvokeResponse(**{"return": answer})

    @_guarded
    def Check(self, request: Any, context: grpc.ServicerContext) -> Any:
        resource = self._resource(request.urn)
        checked = check(
            resource.fields, from_struct(request.olds), from_struct(request.news), _naming(request)
        )
        conflicts = [
            (one, f'Conflicting configuration arguments. "{one}": conflicts with {other}')
            for one, other in resource.conflicts
            if one in checked.inputs and other in checked.inputs
        ]
        return pb.CheckResponse(
            inputs=to_struct(checked.inputs, resource.fields),
            failures=[
                pb.CheckFailure(reason=_examined(reason, _logical(request), path))
                for path, reason in (*checked.failures, *conflicts)
            ],
        )

    @_guarded
    def Diff(self, request: Any, context: grpc.ServicerContext) -> Any:
        resource = self._resource(request.urn)
        news = _fitting(resource, from_struct(request.news))
        found = operations.diff(resource, from_struct(request.olds), news, list(request.ignoreChanges))
        some = pb.DiffResponse.DIFF_SOME if found.differences else pb.DiffResponse.DIFF_NONE
        return pb.DiffResponse(
            changes=some,
            replaces=found.replaces,
            stables=found.stables,
            deleteBeforeReplace=found.delete_before_replace,
            diffs=found.changed,
            detailedDiff={d.path: pb.PropertyDiff(kind=_kind(d)) for d in found.differences},
            hasDetailedDiff=True,
        )

    @_guarded
    def Create(self, request: Any, context: grpc.ServicerContext) -> Any:
        resource = self._resource(request.urn)
        news = _fitting(resource, from_struct(request.properties))
        if request.preview:
            ident, outputs = "", operations.preview_create(resource, news)
        else:
            ident, outputs = operations.create(resource, self._running(), news)
        return pb.CreateResponse(id=ident, properties=to_struct(outputs, resource.fields))

    @_guarded
    def Read(self, request: Any, context: grpc.ServicerContext) -> Any:
        resource = self._resource(request.urn)
        state, inputs = from_struct(request.properties), from_struct(request.inputs)
        found = operations.read(resource, self._running(), request.id, state, inputs)
        if found is None:
            return pb.ReadResponse()
        return pb.ReadResponse(
            id=found[0],
            properties=to_struct(found[1], resource.fields),
            inputs=to_struct(found[2], resource.fields),
        )

    @_guarded
    def Update(self, request: Any, context: grpc.ServicerContext) -> Any:
        resource = self._resource(request.urn)
        olds, news, ignored = (
            from_struct(request.olds),
            _fitting(resource, from_struct(request.news)),
            list(request.ignoreChanges),
        )
        if request.preview:
            outputs = operations.preview_update(resource, olds, news, ignored)
        else:
            outputs = operations.update(resource, self._running(), request.id, olds, news, ignored)
        return pb.UpdateResponse(properties=to_struct(outputs, resource.fields))

    @_guarded
    def Delete(self, request: Any, context: grpc.ServicerContext) -> Any:
        resource = self._resource(request.urn)
        resource.delete(self._running(), request.id, from_struct(request.properties))
        return empty_pb2.Empty()

    def _resource(self, urn: str) -> Resource:
        token = urn.split("::")[2].rsplit("$", 1)[-1]
        found = self._resources.get(token)
        if found is None:
            raise StandinError(f"the stand-in plugin has no resource {token}; the official plugin may")
        return found

    def _running(self) -> Cloud:
        if self._cloud is None:
            raise StandinError("the stand-in plugin was not configured")
        return self._cloud


_KINDS = {
    (Change.ADD, False): pb.PropertyDiff.ADD,
    (Change.ADD, True): pb.PropertyDiff.ADD_REPLACE,
    (Change.DELETE, False): pb.PropertyDiff.DELETE,
    (Change.DELETE, True): pb.PropertyDiff.DELETE_REPLACE,
    (Change.UPDATE, False): pb.PropertyDiff.UPDATE,
    (Change.UPDATE, True): pb.PropertyDiff.UPDATE_REPLACE,
}


def _kind(difference: Difference) -> Any:
    return _KINDS[difference.change, difference.replaces]


def _logical(request: Any) -> str:
    return str(request.name or request.urn.split("::", 3)[3])


def _fitting(resource: Resource, news: Props) -> Props:
    """Itself. What must hold between properties is looked at where a plan is made, officially too: Check knows nothing of it.

    Raises:
        StandinError: it does not.
    """
    if found := resource.validate(news):
        raise StandinError("; ".join(reason for _, reason in found))
    return news


def _examined(reason: str, logical: str, path: str) -> str:
    """A finding of Check as the official plugin tells it: of no property, with the place in words, a list's without index."""
    return f"{reason}. Examine values at '{logical}.{path.partition('[')[0]}'."


def _naming(request: Any) -> Naming:
    logical = _logical(request)
    options = pb.CheckRequest.AutonamingOptions
    given = request.autonaming if request.HasField("autonaming") else None
    if given is None:
        return Naming(logical, seed=bytes(request.randomSeed))
    return Naming(
        logical,
        seed=bytes(request.randomSeed),
        proposed=given.proposed_name,
        enforced=given.mode == options.ENFORCE,
        disabled=given.mode == options.DISABLE,
    )


def _status(code: int, message: str, detail: any_pb2.Any) -> bytes:
    """A google.rpc.Status on the wire: 1 code, 2 message, 3 details."""
    body = message.encode()
    packed = detail.SerializeToString()
    told = (b"\x08", _varint(code), b"\x12", _varint(len(body)), body)
    return b"".join((*told, b"\x1a", _varint(len(packed)), packed))


def _varint(value: int) -> bytes:
    done = bytearray()
    while value > 0x7F:
        done.append(value & 0x7F | 0x80)
        value >>= 7
    done.append(value)
    return bytes(done)
