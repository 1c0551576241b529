"""Files of a user that mean ill, or are no files: a refusal with the file and the line, at once, in little memory; never a call."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from formerr_infra import files
from formerr_infra.errors import FormerrError, SettingsError
from formerr_infra.settings import from_files
from formerr_infra.settings.document import document, text_of
from formerr_infra.settings.parsing import DEEPEST, MOST, parsed
from formerr_infra.validate.checkout import validate

if TYPE_CHECKING:
    from collections.abc import Callable

CHECKOUT = Path(__file__).resolve().parents[2]
CANARY = "canary-5ecre7-5ecre7"
#: Of the processor: nothing of these takes longer, and a busy machine is no fault of theirs.
SECONDS = 20.0


def aliases(levels: int, of: str = "[{}]") -> str:
    """Few lines that stand for ten to the power of `levels`."""
    lines = ["a0: &a0 " + of.format(", ".join(["x"] * 10))]
    lines += [f"a{n}: &a{n} " + of.format(", ".join([f"*a{n - 1}"] * 10)) for n in range(1, levels)]
    return "\n".join(lines) + f"\nconfig:\n  formerr-infra:region: *a{levels - 1}\n"


def merges(levels: int) -> str:
    """The same of merge keys."""
    lines = ["a0: &a0 {" + ", ".join(f"k{n}: {n}" for n in range(10)) + "}"]
    lines += [f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 10)}]}}" for n in range(1, levels)]
    return "\n".join(lines) + "\nconfig:\n  formerr-infra:region: nyc3\n"


HOSTILE = {
    "aliases that multiply": aliases(9),
    "merges that multiply": merges(9),
    "an alias within itself": "config:\n  formerr-infra:region: &a [*a]\n",
    "a mapping within itself": "config: &a\n  formerr-infra:region: *a\n",
    "an alias of nothing": "config:\n  formerr-infra:region: *nowhere\n",
    "a key twice": f"config:\n  formerr-infra:region: {CANARY}\n  formerr-infra:region: nyc3\n",
    "a section twice": "config:\n  formerr-infra:region: nyc3\nconfig:\n  formerr-infra:region: fra1\n",
    "an object of Python": "config:\n  formerr-infra:region: !!python/object/apply:os.system ['exit 3']\n",
    "a tag of one's own": "config:\n  formerr-infra:region: !env HOME\n",
    "bytes": "config:\n  formerr-infra:region: !!binary aGVsbG8=\n",
    "lists within lists": "config:\n  formerr-infra:tags: " + "[" * 50_000 + "\n",
    "blocks within blocks": "config:\n" + "".join(f"{' ' * n}a:\n" for n in range(1, 400)),
    "mappings within mappings": "config:\n  formerr-infra:tags: " + "{a: " * 20_000 + "\n",
    "questions within questions": "config:\n  formerr-infra:tags: " + "? " * 20_000 + "\n",
    "dashes": "config:\n  formerr-infra:tags:\n    " + "- " * 20_000 + "x\n",
    "values without end": "config:\n  formerr-infra:tags: [" + "1," * 22_000 + "]\n",
    "two documents": "config:\n  formerr-infra:region: nyc3\n---\nconfig: {}\n",
    "a tab": "config:\n\tformerr-infra:region: nyc3\n",
    "an open bracket": f"config:\n  formerr-infra:jwtSecret: [{CANARY}\n",
    "an open quote": f"config:\n  formerr-infra:jwtSecret: '{CANARY}\n",
    "a list for a key": "config:\n  ? [a, b]\n  : c\n",
    "a mapping for a key": "config:\n  ? {a: b}\n  : c\n",
    "a thirteenth month": "config:\n  formerr-infra:region: 2026-13-45\n",
    "a NUL": "config:\n  formerr-infra:region: ny\0c3\n",
    "a bell": "config:\n  formerr-infra:region: ny\7c3\n",
    "a directive": "%YAML 9.9\n---\nconfig: {}\n",
    "a long number": "config:\n  formerr-infra:nodeCount: " + "9" * 5_000 + "\n",
    "a long hexadecimal number": "config:\n  formerr-infra:nodeCount: 0x" + "f" * 100_000 + "\n",
    "a sexagesimal number": "config:\n  formerr-infra:nodeCount: " + ":".join(["59"] * 2_000) + "\n",
    "a key of 100,000 characters": f"config:\n  formerr-infra:{'k' * 100_000}: x\n",
}  # fmt: skip


def folder(where: Path, text: str | bytes, name: str = "Pulumi.staging.yaml") -> Path:
    for one in ("Pulumi.yaml", "Pulumi.staging.yaml", "Pulumi.production.yaml"):
        shutil.copy(CHECKOUT / one, where)
    (where / name).write_bytes(text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text)
    return where


@pytest.mark.parametrize(
    ("line", "many"),
    [
        pytest.param("formerr-infra:settinq{0}: x", 7_000, id="unknown"),
        pytest.param("formerrinfra{0}:region: x", 7_000, id="of-no-namespace"),
        pytest.param("formerr-infra:s{0}: {{secure: x}}", 4_000, id="secrets"),
        pytest.param("formerr-infra:settinq{0}: x" + " " * 4_000 + "#", 55, id="blanks"),
    ],
)
def test_of_faults_without_end_the_first_are_told_with_their_lines_and_how_many_more(
    tmp_path: Path, line: str, many: int
) -> None:
    text = "config:\n" + "".join(f"  {line.format(number)}\n" for number in range(many))
    began = time.process_time()
    with pytest.raises(SettingsError) as stopped:
        from_files(folder(tmp_path, text), "staging")
    assert time.process_time() - began < SECONDS / 2
    *told, rest = stopped.value.findings
    assert [one.split(": ")[0] for one in told] == [
        f"Pulumi.staging.yaml:{number + 2}" for number in range(50)
    ]
    assert rest == f"Pulumi.staging.yaml: and {many - 50:,} more such findings"


@pytest.mark.parametrize("name", ["Pulumi.staging.yaml", "Pulumi.yaml"])
@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_file_is_refused_by_file_at_once_and_without_its_values(
    tmp_path: Path, what: str, name: str
) -> None:
    where = folder(tmp_path, HOSTILE[what], name)
    if name != "Pulumi.staging.yaml":
        (where / "Pulumi.staging.yaml").write_text("config: {}\n", "utf-8")
    began = time.process_time()
    with pytest.raises(SettingsError) as stopped:
        from_files(where, "staging")
    assert time.process_time() - began < SECONDS
    for said in stopped.value.findings:
        assert said.startswith((name, "Pulumi.staging.yaml")), said
        assert len(said) < 600
        assert CANARY not in said


@pytest.mark.parametrize("what", HOSTILE)
def test_what_is_read_to_be_written_again_is_refused_too_or_read_right(what: str) -> None:
    began = time.process_time()
    findings: tuple[str, ...] = ()
    try:
        read = document(HOSTILE[what], "Pulumi.staging.yaml")
        assert all(isinstance(key, str) for key in read["config"])
    except SettingsError as error:
        findings = error.findings
    assert all(said.startswith("Pulumi.staging.yaml") and len(said) < 600 for said in findings)
    assert CANARY not in str(findings)
    assert time.process_time() - began < SECONDS


def test_the_line_and_the_key_that_are_wrong_are_named() -> None:
    text = "# a comment\nconfig:\n  formerr-infra:region: !env HOME\n"
    with pytest.raises(
        SettingsError, match=r"^Pulumi\.staging\.yaml:3: formerr-infra:region: is not YAML: a tag"
    ):
        parsed(text, "Pulumi.staging.yaml")


def test_what_stays_within_bounds_is_read() -> None:
    deep = "[" * (DEEPEST - 2) + "]" * (DEEPEST - 2)
    assert parsed(f"a: {deep}", "x.yaml")
    many = MOST // 2
    assert len(parsed(f"a: &a [{'1,' * (many // 4)}]\nb: *a\nc: *a\n", "x.yaml")["c"]) == many // 4


def test_anchors_and_merges_are_read_as_what_they_stand_for(tmp_path: Path) -> None:
    text = (
        "sizes: &sizes\n  formerr-infra:nodeSize: s-4vcpu-8gb\n  formerr-infra:region: fra1\n"
        "config:\n  <<: *sizes\n  formerr-infra:region: nyc3\n"
    )
    read = from_files(folder(tmp_path, text), "staging")
    assert (read.node_size, read.region) == ("s-4vcpu-8gb", "nyc3")


ENCODED = {
    "UTF-16": "config: {}\n".encode("utf-16"),
    "UTF-16 without a mark": "config: {}\n".encode("utf-16-le"),
    "Latin-1": "config:\n  formerr-infra:region: \xfc\n".encode("latin-1"),
    "a broken sequence": b"config: \xc3\n",
    "surrogates": b"config: \xed\xa0\x80\n",
}


@pytest.mark.parametrize("what", ENCODED)
def test_another_encoding_is_refused(tmp_path: Path, what: str) -> None:
    with pytest.raises(SettingsError, match=r"^Pulumi\.staging\.yaml"):
        from_files(folder(tmp_path, ENCODED[what]), "staging")


def test_a_byte_order_mark_says_nothing(tmp_path: Path) -> None:
    text = b"\xef\xbb\xbf" + (CHECKOUT / "Pulumi.staging.yaml").read_bytes()
    assert from_files(folder(tmp_path, text), "staging") == from_files(CHECKOUT, "staging")


def fifo(file: Path) -> None:
    os.mkfifo(file)


def device(file: Path) -> None:
    file.symlink_to("/dev/zero")


def loop(file: Path) -> None:
    file.symlink_to(file)


def dangling(file: Path) -> None:
    file.symlink_to("nowhere")


def large(file: Path) -> None:
    file.write_bytes(b"# comment\n" * 200_000)


def closed(file: Path) -> None:
    file.touch(mode=0)


NO_FILES: dict[str, Callable[[Path], None]] = {
    "a folder": Path.mkdir,
    "a FIFO": fifo,
    "a device": device,
    "a link to itself": loop,
    "a link to nothing": dangling,
    "a large file": large,
}
NAMES = ("Pulumi.yaml", "Pulumi.staging.yaml")


@pytest.mark.timeout(120)
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("what", NO_FILES)
def test_what_is_no_file_is_refused_and_not_waited_for(tmp_path: Path, what: str, name: str) -> None:
    where = folder(tmp_path, "config: {}\n")
    (where / name).unlink()
    NO_FILES[what](where / name)
    with pytest.raises(SettingsError, match=name.replace(".", r"\.")):
        from_files(where, "staging")
    with pytest.raises(SettingsError, match=name.replace(".", r"\.")):
        text_of(where / name)
    assert validate(where, {}, ("staging",))


def test_a_link_to_a_file_is_followed(tmp_path: Path) -> None:
    folder(tmp_path, "config: {}\n")
    (tmp_path / "Pulumi.staging.yaml").rename(tmp_path / "elsewhere")
    (tmp_path / "Pulumi.staging.yaml").symlink_to("elsewhere")
    assert from_files(tmp_path, "staging").region == "nyc3"


@pytest.mark.timeout(120)
@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_workflow_or_pack_is_a_finding(tmp_path: Path, what: str) -> None:
    folder(tmp_path, "config: {}\n")
    for file in (".github/workflows/a.yml", "policy/PulumiPolicy.yaml"):
        (tmp_path / file).parent.mkdir(parents=True)
        (tmp_path / file).write_text(HOSTILE[what], "utf-8")
    (tmp_path / "policy" / "__main__.py").touch()
    found = [one for one in validate(tmp_path, {}, ("staging",)) if one.rule in ("workflow", "policy-pack")]
    assert {one.file for one in found} == {".github/workflows/a.yml", "policy/PulumiPolicy.yaml"}


JSON = {
    "nothing": b"",
    "half": b'{"a": ',
    "depth": b"[" * 200_000,
    "a long number": b"1" * 10_000,
    "another encoding": '{"a": 1}'.encode("utf-16"),
    "a NUL": b"\0",
}


@pytest.mark.parametrize("what", JSON)
def test_json_that_is_none_is_said_to_be_none(tmp_path: Path, what: str) -> None:
    file = tmp_path / "state.json"
    file.write_bytes(JSON[what])
    with pytest.raises(files.Unfit) as stopped:
        files.json_of(file)
    assert len(str(stopped.value)) < 200


@pytest.mark.timeout(120)
@pytest.mark.parametrize("what", [*JSON, "a list", "a number"])
def test_a_hostile_state_file_is_refused_before_any_call(
    tmp_path: Path, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from formerr_infra.cli.detect import held

    file = tmp_path / "state.json"
    file.write_bytes(JSON.get(what, b"[1]" if what == "a list" else b"7"))
    with pytest.raises(FormerrError):
        held("staging", tmp_path, file)


def test_a_pipe_is_read_where_a_user_names_one(tmp_path: Path) -> None:
    read, write = os.pipe()
    os.write(write, b'{"a": 1}')
    os.close(write)
    try:
        assert files.json_of(Path(f"/dev/fd/{read}"), pipe=True) == {"a": 1}
    finally:
        os.close(read)
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(files.Unfit, match="a pipe"):
        files.bytes_of(tmp_path / "fifo")


def test_an_anchor_that_is_set_twice_shows_no_line_of_the_file(recwarn: pytest.WarningsRecorder) -> None:
    assert parsed(f"a: &x {CANARY}\nb: &x 2\nc: *x\n", "x.yaml")["c"] == 2
    assert [str(one.message) for one in recwarn] == []
