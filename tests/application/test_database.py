"""The commands that the manifests give to PostgreSQL's containers, run against a real PostgreSQL 15.

A dump that was never restored is none.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from formerr_infra.application import logical_name
from tests.support.kube import template
from tests.support.plans import objects, plan
from tests.support.postgres import Postgres, postgres, programs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BIN = programs()
pytestmark = [
    pytest.mark.may_skip(reason="PostgreSQL 15 is not on this machine"),
    pytest.mark.skipif(BIN is None, reason="PostgreSQL 15 is not on this machine"),
]

VALUES = {"DB_NAME": "formerr", "DB_USER": "formerr", "DB_PASSWORD": "p'a\"ss $word; \\ DROP"}


def container(name: str) -> dict[str, Any]:
    [made] = [made for made in objects(plan()) if logical_name(made) == name]
    found = template(made)
    assert found is not None
    [only] = found["spec"]["containers"]
    result: dict[str, Any] = only
    return result


def environment(of: dict[str, Any]) -> dict[str, str]:
    """A container's environment with the secret's values in it."""
    return {
        one["name"]: one["value"] if "value" in one else VALUES[one["valueFrom"]["secretKeyRef"]["key"]]
        for one in of["env"]
    }


SERVER = container("statefulset/formerr/formerr-postgres")
DUMP = container("cronjob/formerr/formerr-postgres-dump")
RESTORE = container("cronjob/formerr/formerr-postgres-restore")


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    assert BIN is not None
    arguments = environment(SERVER)["POSTGRES_INITDB_ARGS"]
    with postgres(BIN, VALUES["DB_USER"], "the first password", arguments) as running:
        running.sql("CREATE DATABASE formerr", "postgres")
        yield running


@pytest.fixture
def dumps(server: Postgres) -> Path:
    folder = server.folder / f"dumps-{time.monotonic_ns()}"
    server.run("mkdir", str(folder))
    return folder


def job(server: Postgres, of: dict[str, Any], dumps: Path, **more: str) -> tuple[int, str]:
    there = {"PGHOST": "127.0.0.1", "PGPORT": str(server.port), "DUMPS": str(dumps)}
    assert there.keys() <= environment(of).keys()
    done = server.shell(of["command"], environment(of) | there | more)
    return done.returncode, done.stdout + done.stderr


def start(server: Postgres, password: str) -> tuple[int, str]:
    """What the kubelet runs when the container was started."""
    hook = SERVER["lifecycle"]["postStart"]["exec"]["command"]
    by_socket = {"PGHOST": str(server.folder), "PGPORT": str(server.port)}
    done = server.shell(hook, environment(SERVER) | by_socket | {"POSTGRES_PASSWORD": password})
    return done.returncode, done.stdout + done.stderr


def logs_in(server: Postgres, password: str) -> bool:
    by_address = {"PGHOST": "127.0.0.1", "PGPORT": str(server.port), "PGPASSWORD": password}
    return (
        server.shell(
            ["psql", "-X", "-U", "formerr", "-d", "formerr", "-c", "SELECT 1"], by_address
        ).returncode
        == 0
    )


@pytest.fixture
def password(server: Postgres) -> str:
    """The secret's password has arrived."""
    assert start(server, VALUES["DB_PASSWORD"])[0] == 0
    return VALUES["DB_PASSWORD"]


def test_a_rotated_password_arrives_and_is_in_no_log(server: Postgres) -> None:
    for fresh in (VALUES["DB_PASSWORD"], "rotated-once", VALUES["DB_PASSWORD"]):
        code, said = start(server, fresh)
        assert code == 0, said
        assert logs_in(server, fresh)
        assert not logs_in(server, "the first password")
        assert fresh not in server.log + said


def test_what_is_dumped_comes_back(server: Postgres, dumps: Path, password: str) -> None:
    server.sql("DROP TABLE IF EXISTS form; CREATE TABLE form (id serial PRIMARY KEY, title text)")
    server.sql("INSERT INTO form (title) SELECT 'form ' || n FROM generate_series(1, 1000) n")
    whole = server.sql("SELECT count(*), md5(string_agg(title, ',' ORDER BY id)) FROM form")
    code, said = job(server, DUMP, dumps)
    assert code == 0, said
    server.sql("UPDATE form SET title = 'lost'; DELETE FROM form WHERE id > 500; CREATE TABLE later (id int)")
    code, said = job(server, RESTORE, dumps)
    assert code == 0, said
    assert server.sql("SELECT count(*), md5(string_agg(title, ',' ORDER BY id)) FROM form") == whole
    assert server.sql("SELECT to_regclass('later') IS NULL") == "t"
    assert server.sql("INSERT INTO form (title) VALUES ('new') RETURNING id") == "1001"
    assert password not in said


def test_what_a_restore_replaced_is_still_there(server: Postgres, dumps: Path, password: str) -> None:
    server.sql("DROP TABLE IF EXISTS note; CREATE TABLE note (text text)")
    assert job(server, DUMP, dumps)[0] == 0
    server.sql("INSERT INTO note VALUES ('written after the dump')")
    time.sleep(1.1)  # names are by the second
    code, said = job(server, RESTORE, dumps)
    assert code == 0, said
    before = said.rsplit("database ", 1)[1].strip()
    assert server.sql("SELECT text FROM note", before) == "written after the dump"
    assert server.sql("SELECT count(*) FROM note") == "0"
    server.sql(f'DROP DATABASE "{before}"', "postgres")
    assert password not in server.log


def test_a_dump_of_a_certain_night_can_be_restored(server: Postgres, dumps: Path, password: str) -> None:
    server.sql(
        "DROP TABLE IF EXISTS night; CREATE TABLE night (text text); INSERT INTO night VALUES ('first')"
    )
    assert job(server, DUMP, dumps)[0] == 0
    [first] = dumps.glob("*.dump")
    time.sleep(1.1)
    server.sql("UPDATE night SET text = 'second'")
    assert job(server, DUMP, dumps)[0] == 0
    assert job(server, RESTORE, dumps)[0] == 0
    assert server.sql("SELECT text FROM night") == "second"
    time.sleep(1.1)
    assert job(server, RESTORE, dumps, DUMP=str(first))[0] == 0
    assert server.sql("SELECT text FROM night") == "first"


def test_only_so_many_dumps_stay_and_the_oldest_go(server: Postgres, dumps: Path, password: str) -> None:
    old = [f"formerr-2020010{day}T021700Z.dump" for day in range(1, 6)]
    server.run("touch", *(str(dumps / name) for name in old), str(dumps / "another.txt"))
    assert job(server, DUMP, dumps, KEEP="3")[0] == 0
    names = sorted(path.name for path in dumps.iterdir())
    assert len(names) == 4
    assert names[:3] == ["another.txt", *old[-2:]]


def test_a_dump_that_fails_takes_none_away(server: Postgres, dumps: Path, password: str) -> None:
    old = [f"formerr-2020010{day}T021700Z.dump" for day in range(1, 6)]
    server.run("touch", *(str(dumps / name) for name in old))
    code, _ = job(server, DUMP, dumps, KEEP="1", PGDATABASE="not_there")
    assert code != 0
    assert sorted(path.name for path in dumps.iterdir()) == old


def test_a_broken_dump_restores_nothing(server: Postgres, dumps: Path, password: str) -> None:
    server.sql("DROP TABLE IF EXISTS kept; CREATE TABLE kept AS SELECT n FROM generate_series(1, 5000) n")
    assert job(server, DUMP, dumps)[0] == 0
    [dump] = dumps.glob("*.dump")
    server.run("truncate", "--size=-200", str(dump))
    databases = "SELECT string_agg(datname, ',' ORDER BY datname) FROM pg_database"
    before = server.sql(databases)
    code, _ = job(server, RESTORE, dumps)
    assert code != 0
    assert server.sql("SELECT count(*) FROM kept") == "5000"
    assert server.sql(databases) == before


def test_without_a_dump_a_restore_says_so_and_does_nothing(
    server: Postgres, dumps: Path, password: str
) -> None:
    before = server.sql("SELECT count(*) FROM pg_database")
    code, said = job(server, RESTORE, dumps)
    assert code != 0
    assert "no dump" in said
    assert server.sql("SELECT count(*) FROM pg_database") == before
    assert logs_in(server, password)


@pytest.mark.parametrize("probe", ["startupProbe", "readinessProbe", "livenessProbe"])
def test_a_server_that_answers_is_well(server: Postgres, probe: str) -> None:
    command = SERVER[probe]["exec"]["command"]
    assert server.shell(command, environment(SERVER) | {"PORT": str(server.port)}).returncode == 0
    assert server.shell(command, environment(SERVER) | {"PORT": "9"}).returncode != 0
