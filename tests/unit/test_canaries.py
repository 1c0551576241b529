"""The search for secrets finds one in whatever form a program puts it."""

from __future__ import annotations

import base64
import json
import shlex
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

from hypothesis import given
from hypothesis import strategies as st

from tests.support.canaries import Canaries, canary

if TYPE_CHECKING:
    from collections.abc import Callable

FORMS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "JSON": json.dumps,
    "JSON in JSON": lambda text: json.dumps(json.dumps({"a": text})),
    "URL": lambda text: quote(text, safe=""),
    "form": quote_plus,
    "shell": shlex.quote,
    "repr": repr,
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64 for URLs": lambda text: base64.urlsafe_b64encode(text.encode()).decode(),
    "base64 of JSON": lambda text: base64.b64encode(json.dumps(text).encode()).decode(),
    "base64 of a URL": lambda text: base64.b64encode(quote(text, safe="").encode()).decode(),
    "cut": lambda text: text[:20],
    "the end": lambda text: text[-18:],
}


@given(
    st.sampled_from(sorted(FORMS)),
    st.text("abc /+=", max_size=7),
    st.text("xyz /+=", max_size=7),
    st.booleans(),
)
def test_a_canary_is_found_in_each_form_wherever_it_stands(
    form: str, before: str, after: str, awkward: bool
) -> None:
    one, other = canary(awkward=awkward), canary()
    known = Canaries({"one": one, "other": other})
    text = before + one + after if form not in ("cut", "the end") else one
    assert known.within(f"{before}{FORMS[form](text)}{after}") == {"one"}
    assert known.within(before + after) == set()
