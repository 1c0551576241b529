"""A stream whose reader is gone: an error as ever, and none any more once a run was told to end."""

from __future__ import annotations

import os

import pytest

from formerr_infra.cli.streams import Steady


def test_what_nobody_reads_is_left_out_once_the_run_is_to_end_and_never_before() -> None:
    near, far = os.pipe()
    os.close(near)
    ending = False
    with os.fdopen(far, "w", encoding="utf-8") as stream:
        steady = Steady(stream, lambda: ending)
        steady.write("x")
        with pytest.raises(BrokenPipeError):
            steady.flush()
        ending = True
        for _ in range(3):
            steady.write("y" * 100_000)
            steady.flush()


def test_a_stream_that_is_read_says_all_of_it_and_is_what_it_was() -> None:
    near, far = os.pipe()
    with os.fdopen(far, "w", encoding="utf-8") as stream:
        steady = Steady(stream, lambda: True)
        assert steady.write("all of it") == len("all of it")
        steady.flush()
        assert (steady.isatty(), steady.encoding, steady.fileno()) == (False, "utf-8", far)
    assert os.read(near, 100) == b"all of it"
    os.close(near)
