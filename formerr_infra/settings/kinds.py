"""What all groups of keys share: how they are spelled, and lists, booleans and whole numbers as the engine hands them over."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel


def items(value: Any) -> Any:
    """A list, or one as JSON text."""
    if isinstance(value, str):
        try:
            return json.loads(value)
        except (RecursionError, ValueError):
            raise ValueError('a list is expected, such as ["one", "two"]') from None
    return value


def flag_of(value: Any) -> Any:
    """A boolean as YAML or the engine says it; `yes`, `on` and 1 are slips."""
    said = flag(value)
    if said is None:
        raise ValueError("true or false is expected")
    return said


def whole(value: Any) -> Any:
    """A whole number, or one in digits, as the engine hands it over; true is not 1."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError("a whole number is expected")  # noqa: TRY004 - pydantic collects ValueErrors only
    if isinstance(value, str) and not re.fullmatch(r"-?[0-9]{1,9}", value):
        raise ValueError("a whole number is expected")
    return value


def flag(value: Any) -> bool | None:
    """True and false, as YAML or as text; None for anything else."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.strip().lower() in ("true", "false"):
        return value.strip().lower() == "true"
    return None


def moment(text: str) -> str:
    """A time in UTC to the second, as this project writes it."""
    try:
        return datetime.strptime(text, MOMENT).strftime(MOMENT)
    except ValueError:
        raise ValueError("a time such as 2026-11-28T15:00:00Z is expected, in UTC and in quotes") from None


def _written(value: Any) -> Any:
    """YAML makes a time of a text without quotes, and the engine writes that in another form."""
    if isinstance(value, datetime):
        raise ValueError("a text is expected; put it in quotes")  # noqa: TRY004 - pydantic collects ValueErrors only
    return value


MOMENT = "%Y-%m-%dT%H:%M:%SZ"
Moment = Annotated[str, AfterValidator(moment), BeforeValidator(_written)]
Flag = Annotated[bool, BeforeValidator(flag_of)]
Nodes = Annotated[int, Field(ge=1, le=512), BeforeValidator(whole)]


class Keys(BaseModel):
    """A group of keys: camelCase outside, nothing unknown, never changed."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True)
