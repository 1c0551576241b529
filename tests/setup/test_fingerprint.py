"""Two set-ups of one commit are the same, and what is not as it was installed is said."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from sysconfig import get_path

import pytest

from formerr_infra.errors import SetupError
from formerr_infra.local import fingerprint


def installed(
    site: Path, content: bytes = b"x = 1\n", *, installer: str = "uv", script: str = "#!/a/python"
) -> Path:
    """One package with a module, a script and what an installer writes beside them."""
    about = site / "one-1.0.dist-info"
    about.mkdir(parents=True)
    (site / "one.py").write_bytes(content)
    (about / "INSTALLER").write_text(installer, "utf-8")
    lines = [
        f"one.py,sha256={sum_of(content)},{len(content)}",
        f"one-1.0.dist-info/INSTALLER,sha256={sum_of(installer.encode())},2",
        f"../../../bin/one,sha256={sum_of(script.encode())},11",
        "__pycache__/one.cpython-311.pyc,,",
        "one-1.0.dist-info/RECORD,,",
    ]
    (about / "RECORD").write_text("\n".join(lines if installer == "uv" else reversed(lines)) + "\n", "utf-8")
    return site


def sum_of(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


def test_who_installed_it_where_and_in_which_order_makes_no_difference(tmp_path: Path) -> None:
    one = fingerprint.packages(installed(tmp_path / "a"))
    assert list(one) == ["one-1.0"]
    assert fingerprint.packages(installed(tmp_path / "b", installer="pip", script="#!/b/python")) == one


def test_another_file_makes_one(tmp_path: Path) -> None:
    assert fingerprint.packages(installed(tmp_path / "a")) != fingerprint.packages(
        installed(tmp_path / "b", b"x = 2\n")
    )


def test_a_file_that_was_changed_or_is_gone_is_an_error(tmp_path: Path) -> None:
    site = installed(tmp_path / "a")
    (site / "one.py").write_bytes(b"x = 3\n")
    with pytest.raises(SetupError, match="not as it was installed"):
        fingerprint.packages(site)
    (site / "one.py").unlink()
    with pytest.raises(SetupError, match="cannot be read"):
        fingerprint.packages(site)


def test_the_environment_of_this_checkout_is_as_it_was_installed() -> None:
    assert "pulumi" in {name.partition("-")[0] for name in fingerprint.packages(Path(get_path("purelib")))}
