"""What a command writes goes where the path leads: links stay, devices stay, and a file is whole or as it was."""

from __future__ import annotations

import os
import pty
import socket
import stat
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from formerr_infra import files
from formerr_infra.errors import SettingsError
from formerr_infra.images.docker import add_auths
from formerr_infra.kubernetes import kubeconfig
from formerr_infra.settings.document import replace_text

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def _mode(file: Path) -> int:
    return stat.S_IMODE(file.stat().st_mode)


def _page(file: Path) -> None:
    from formerr_infra.cli.report import _write

    _write(file, "text")


def _auths(file: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DOCKER_CONFIG", str(file.parent))
        add_auths({"registry": {"auth": "eA=="}})


#: What writes a file that a user names, and the name that it needs.
WRITERS = [
    pytest.param(_page, "page.html", id="page"),
    pytest.param(lambda file: kubeconfig.write(file, {}), "k", id="kubeconfig"),
    pytest.param(lambda file: replace_text(file, "text"), "Pulumi.staging.yaml", id="stack-file"),
    pytest.param(_auths, "config.json", id="docker"),
]


@pytest.mark.parametrize(("write", "name"), WRITERS)
def test_a_link_stays_a_link_and_what_it_leads_to_is_replaced(
    tmp_path: Path, write: Callable[[Path], None], name: str
) -> None:
    (tmp_path / "real").mkdir()
    real, link = tmp_path / "real" / "file", tmp_path / name
    real.write_text("{}", "utf-8")
    before = real.stat().st_ino
    (tmp_path / "between").symlink_to("real/file")
    link.symlink_to("between")

    write(link)

    assert link.readlink().as_posix() == "between"
    assert real.read_text("utf-8") != "{}"
    assert real.stat().st_ino != before, "in one step"
    assert {one.name for one in tmp_path.iterdir()} == {"real", "between", name}
    assert {one.name for one in (tmp_path / "real").iterdir()} == {"file"}


@pytest.mark.parametrize(("write", "name"), WRITERS)
@pytest.mark.parametrize("kind", ["fifo", "socket"])
def test_a_pipe_and_a_socket_are_refused_and_stay(
    tmp_path: Path, write: Callable[[Path], None], name: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / name
    if kind == "fifo":
        os.mkfifo(file)
    else:
        monkeypatch.chdir(tmp_path)  # a socket's name is short
        socket.socket(socket.AF_UNIX).bind(name)
    before = file.stat().st_ino

    with pytest.raises((OSError, SettingsError), match=r"pipe|socket"):
        write(file)
    assert file.stat().st_ino == before
    assert len(list(tmp_path.iterdir())) == 1


def test_a_device_gets_the_text_and_stays(tmp_path: Path) -> None:
    near, far = pty.openpty()
    link = tmp_path / "link"
    link.symlink_to(os.ttyname(far))

    files.put(link, "told\n")

    assert os.read(near, 100) == b"told\r\n"
    assert link.is_symlink()
    os.close(near)
    os.close(far)


@pytest.mark.parametrize("path", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1", "here"])
@pytest.mark.parametrize("kind", ["pipe", "file"])
def test_an_open_descriptor_gets_the_text_behind_what_was_printed(
    tmp_path: Path, path: str, kind: str
) -> None:
    (tmp_path / "here").symlink_to("/dev/stdout")
    code = f"from pathlib import Path; from formerr_infra import files; print(1); files.put(Path({path!r}), 'two'); print(3)"
    words = [sys.executable, "-c", code]
    if kind == "pipe":
        said = subprocess.run(words, cwd=tmp_path, stdout=subprocess.PIPE, check=True).stdout
    else:
        with (tmp_path / "out").open("wb") as out:
            subprocess.run(words, cwd=tmp_path, stdout=out, check=True)
        said = (tmp_path / "out").read_bytes()
    assert said == b"1\ntwo3\n"


@pytest.mark.parametrize(
    ("there", "private", "mode"),
    [(None, False, 0o640), (None, True, 0o600), (0o604, False, 0o604), (0o644, True, 0o600)],
)
def test_a_file_keeps_who_may_read_it_and_a_private_one_is_its_owners_alone(
    tmp_path: Path, there: int | None, mode: int, *, private: bool
) -> None:
    file = tmp_path / "file"
    if there is not None:
        file.write_text("before", "utf-8")
        file.chmod(there)
    before = os.umask(0o027)
    try:
        files.put(file, "text\r\n", private=private)
    finally:
        os.umask(before)
    assert (_mode(file), file.read_bytes()) == (mode, b"text\r\n")


def test_a_file_that_cannot_be_written_as_a_whole_is_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "file"
    file.write_text("before", "utf-8")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fchmod", full)
    with pytest.raises(OSError, match="No space"):
        files.put(file, "after")
    assert [one.name for one in tmp_path.iterdir()] == ["file"]
    assert file.read_text("utf-8") == "before"
