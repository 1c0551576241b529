"""A fresh, short-lived credential for a DOKS cluster, asked for by whoever speaks to its API server.

Run as a client-go exec credential plugin (`client.authentication.k8s.io/v1`) by the Kubernetes plugin of Pulumi and by
kubectl:

    python3 -I -S formerr_infra/credential.py --cluster ID [--stack NAME] [--endpoint URL]

So neither the state nor a file holds a token of the cluster, and one that expired since the last run hinders nothing.
It needs the standard library of any Python from 3.9 on, no virtual environment and nothing else of this package, and is
started anew in each run: what takes long to import is left out.

The token of DigitalOcean comes from the environment or, without one there, from the stack's configuration; it is never
in an argument. It goes nowhere but to DigitalOcean's API: https, or plain http on loopback only.
"""

from __future__ import annotations

import io
import json
import os
import re
import socket
import ssl
import sys
import time
from http.client import HTTPConnection, HTTPException

TYPE_CHECKING = False  # `typing` itself is left out
if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

TOKENS = ("DIGITALOCEAN_TOKEN", "DIGITALOCEAN_ACCESS_TOKEN")
ENDPOINT = "DIGITALOCEAN_API_URL"
REAL = "https://api.digitalocean.com"
VERSION = "client.authentication.k8s.io/v1"
#: How long a token is asked for, seconds; client-go asks again by itself when it has expired.
LASTS = 1200
#: One silence, and all of an answer with its attempts; seconds.
TIMEOUT = 15.0
WITHIN = 40.0
ATTEMPTS = 3
#: What may pass by itself.
PASSES = frozenset({429, 500, 502, 503, 504})
#: Statuses of a path that is not there, in whatever words.
NOT_OFFERED = frozenset({404, 405, 501})
#: Of the environment, what the engine does not need to tell a value of the configuration (see `children`).
NOT_FOR_THE_STATE = frozenset(
    {
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
        "ACTIONS_RUNTIME_TOKEN",
        "DATABASE_URL",
        "DB_CA",
        "DB_PASSWORD",
        "FORMERR_ALERT_SLACK_URL",
        "FORMERR_BACKUP_PASSPHRASE",
        "GH_TOKEN",
        "GITHUB_CLIENT_ID",
        "GITHUB_CLIENT_SECRET",
        "GITHUB_TOKEN",
        "JWT_SECRET",
        "SESSION_SECRET",
    }
)
#: What client-go sets for what it runs.
ASKED_BY_A_CLIENT = "KUBERNETES_EXEC_INFO"
_LARGEST = 1 << 20
_LOOPBACK = re.compile(r"http://(localhost|127(\.[0-9]{1,3}){3}|\[::1\])(:[0-9]{1,5})?")
_REMOTE = re.compile(r"https://[A-Za-z0-9.-]+(:[0-9]{1,5})?")


class NoCredentialError(Exception):
    """There is none, and why."""


def main(arguments: list[str], environment: dict[str, str]) -> int:
    """Print the credential, or say why there is none; gives the exit code."""
    try:
        options = _options(arguments)
        endpoint = _endpoint(options.get("--endpoint") or environment.get(ENDPOINT) or REAL)
        token = _token(environment, options.get("--stack"))
        answer = ask(endpoint, options["--cluster"], token)
        _print(_credential(answer))
    except NoCredentialError as error:
        return _complain(str(error), environment)
    return 0


def _complain(message: str, environment: dict[str, str]) -> int:
    """Say what is wrong where it is read.

    Whoever runs this by hand reads standard error. The engine shows of a credential plugin that fails nothing but its
    exit code; of an answer of an unknown kind it shows the kind. So the message is the kind.
    """
    sys.stderr.write(f"formerr credential: {message}\n")
    if ASKED_BY_A_CLIENT not in environment:
        return 1
    _print({"apiVersion": VERSION, "kind": f"no credential: {message}"})
    return 0


def _print(document: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(document) + "\n")


def _options(arguments: list[str]) -> dict[str, str]:
    options = dict(zip(arguments[::2], arguments[1::2]))  # noqa: B905 - Python 3.9 knows no strict
    known = {"--cluster", "--stack", "--endpoint"}
    if len(arguments) % 2 or not set(options) <= known or "--cluster" not in options:
        raise NoCredentialError("usage: credential.py --cluster ID [--stack NAME] [--endpoint URL]")
    if not re.fullmatch(r"[A-Za-z0-9-]{1,63}", options["--cluster"]):
        raise NoCredentialError(f"{options['--cluster']!r} is not the id of a cluster")
    return options


def _endpoint(url: str) -> str:
    url = url.rstrip("/")
    if not _LOOPBACK.fullmatch(url) and not _REMOTE.fullmatch(url):
        raise NoCredentialError(
            f"{ENDPOINT} is {url.rpartition('@')[2]!r}; the base address of an API by https is expected (plain http on loopback only)"
        )
    return url


def _token(environment: dict[str, str], stack: str | None) -> str:
    token = next((environment[name] for name in TOKENS if environment.get(name)), "")
    if not token and stack:
        token = _configured(stack)
    if not token:
        raise NoCredentialError(
            f"{TOKENS[0]} is not set, and the stack's configuration has no digitalocean:token; export the one, or run "
            "`pulumi config set --secret digitalocean:token`"
        )
    if not is_token(token):
        raise NoCredentialError(f"{TOKENS[0]} holds white space or characters that no token has")
    return token


def is_token(text: str) -> bool:
    """Whether it can stand in a header: printable ASCII without white space."""
    return re.fullmatch(r"[\x21-\x7e]+", text) is not None


def _configured(stack: str) -> str:
    """The token of the stack's configuration; empty if there is none."""
    import subprocess

    command = ["pulumi", "config", "get", "digitalocean:token", "--stack", stack, "--non-interactive"]
    try:
        environ = {name: value for name, value in os.environ.items() if name not in NOT_FOR_THE_STATE}
        done = subprocess.run(
            command,
            env=environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def ask(endpoint: str, cluster: str, token: str) -> dict[str, object]:
    """Ask for the credentials; a read, so that it is repeated where that can help.

    Raises:
        NoCredentialError: there are none, and why.
    """
    path = f"/v2/kubernetes/clusters/{cluster}/credentials?expiry_seconds={LASTS}"
    try:
        status, answer = repeated(endpoint, path, token)
    except NoCredentialError as error:
        raise NoCredentialError(
            f"the credential of cluster {cluster} could not be asked for: {error}; nothing follows from that, run again"
        ) from None
    if status != 200:
        raise NoCredentialError(_refused(status, cluster))
    if not isinstance(answer, dict):
        raise NoCredentialError(f"{endpoint} answered something that is no credential")
    return answer


def repeated(endpoint: str, path: str, token: str) -> tuple[int, object]:
    """One answer of DigitalOcean's API, asked for again where that can help, all of it within `WITHIN` seconds.

    Returns:
        Status, and what the body says; of another status than 200 nothing.

    Raises:
        NoCredentialError: no attempt brought one, and what the last one met.
    """
    until = time.monotonic() + WITHIN
    trouble = ""
    for attempt in range(ATTEMPTS):
        if attempt:
            pause = 0.3 * attempt
            if time.monotonic() + pause >= until:
                break
            time.sleep(pause)
        try:
            status, body = get(endpoint, path, token, until=until)
        except (OSError, HTTPException, ValueError) as error:
            trouble = f"{endpoint} does not answer: {_short(error)}"
            continue
        if status in PASSES:
            trouble = f"{endpoint} answered {status}"
            continue
        if status != 200:
            return status, None
        try:
            return status, json.loads(body)
        except (RecursionError, ValueError):
            trouble = f"{endpoint} answered something that is not JSON"
    raise NoCredentialError(trouble)


def get(endpoint: str, path: str, token: str, *, until: float) -> tuple[int, bytes]:
    """One GET of DigitalOcean's API: status and body, complete by `until` on the clock of `time.monotonic`."""
    scheme, _, host = endpoint.partition("://")
    tls = ssl.create_default_context() if scheme == "https" else None
    connection = Connection(host, tls, until=until, silence=TIMEOUT)
    try:
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.read(_LARGEST)
    finally:
        connection.close()


class Connection(HTTPConnection):
    """A connection with an end: nothing is awaited beyond it, however slowly the other side drips.

    Args:
        host: with its port, where that is not the usual one.
        tls: speak TLS.
        until: on the clock of `time.monotonic`.
        silence: the longest one, seconds.
    """

    def __init__(self, host: str, tls: ssl.SSLContext | None, *, until: float, silence: float) -> None:
        self.default_port = 443 if tls else 80
        super().__init__(host)
        self._tls = tls
        self._until = until
        self._silence = silence

    def connect(self) -> None:
        """Try each address of the host's.

        Raises:
            OSError: none can be reached in time, or the encryption is not accepted.
        """
        trouble = OSError(f"{self.host} has no address")
        for family, kind, protocol, _, address in socket.getaddrinfo(
            self.host, self.port, type=socket.SOCK_STREAM
        ):
            plain = socket.socket(family, kind, protocol)
            try:
                self.allow(plain)
                plain.connect(address)
                plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self.allow(plain)
                sock = self._tls.wrap_socket(plain, server_hostname=self.host) if self._tls else plain
            except OSError as error:
                plain.close()
                trouble = error
                continue
            self.sock = _Timely(sock, self)
            return
        raise trouble

    def allow(self, sock: socket.socket) -> None:
        """Let the next wait last no longer than one silence and the time that is left.

        Raises:
            TimeoutError: none is left.
        """
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError("no complete answer in time")
        sock.settimeout(min(self._silence, left))


class _Timely:
    """What `http.client` needs of a socket, each wait as the connection allows it."""

    def __init__(self, sock: socket.socket, connection: Connection) -> None:
        self._sock = sock
        self._connection = connection
        self.close = sock.close

    def sendall(self, data: bytes) -> None:
        self._connection.allow(self._sock)
        self._sock.sendall(data)

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Read(self._sock, self._connection))


class _Read(io.RawIOBase):
    def __init__(self, sock: socket.socket, connection: Connection) -> None:
        self._sock = sock
        self._connection = connection
        # Keeps the socket open until the answer is read, also where the connection ends with it.
        self._raw = sock.makefile("rb", 0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int | None:
        self._connection.allow(self._sock)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


def _refused(status: int, cluster: str) -> str:
    if status == 401:
        return f"DigitalOcean refuses the token (401); is {TOKENS[0]} the one of this stack's account, and still valid?"
    if status == 403:
        return (
            "DigitalOcean refuses the token (403): it lacks the scope kubernetes:access_cluster; add it, or use another "
            "token"
        )
    if status == 404:
        return (
            f"cluster {cluster} is gone: DigitalOcean answers 404. If the token is the right account's and the cluster is "
            "meant to be gone, run once with PULUMI_K8S_DELETE_UNREACHABLE=true set; the state then forgets what was on it"
        )
    return f"DigitalOcean answered {status} when asked for the credential of cluster {cluster}"


def _credential(answer: dict[str, object]) -> dict[str, object]:
    status: dict[str, object] = {}
    token = answer.get("token")
    if isinstance(token, str) and is_token(token):
        status["token"] = token
    elif answer.get("client_certificate_data") and answer.get("client_key_data"):
        import base64

        for name, field in (
            ("clientCertificateData", "client_certificate_data"),
            ("clientKeyData", "client_key_data"),
        ):
            try:
                status[name] = base64.b64decode(str(answer[field]), validate=True).decode()
            except ValueError:
                raise NoCredentialError(f"DigitalOcean answered with a {field} that is not base64") from None
    else:
        raise NoCredentialError("DigitalOcean answered without a credential in it")
    if isinstance(answer.get("expires_at"), str):
        status["expirationTimestamp"] = answer["expires_at"]
    return {"apiVersion": VERSION, "kind": "ExecCredential", "status": status}


def _short(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:200]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], dict(os.environ)))
