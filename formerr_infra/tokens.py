"""Which account a stack is in, by the variable that its token comes from. Standard library only, and no value is kept.

Everything that asks an account about a stack, or has the engine work on one, goes by this, so that no two parts of a
command ever look at two accounts.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from formerr_infra.switches import is_on

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Those of any stack, the first that is set counts.
TOKENS = ("DIGITALOCEAN_TOKEN", "DIGITALOCEAN_ACCESS_TOKEN")
#: `DIGITALOCEAN_TOKEN_PRODUCTION` goes before `DIGITALOCEAN_TOKEN` for that stack: another account.
OF_STACK = "DIGITALOCEAN_TOKEN_"
_OF_ONE = re.compile(rf"{OF_STACK}[A-Za-z0-9_]+")
LOCAL = "FORMERR_LOCAL"
#: Stacks with an account of their own by default; every other one is made from the first, and stands in its account.
LASTING = ("staging", "production")


def is_local(environ: Mapping[str, str]) -> bool:
    """Whether only this machine is talked to."""
    return is_on(environ, LOCAL)


def variable_of(stack: str, environ: Mapping[str, str]) -> str:
    """The variable that the token of a stack's account is in; `DIGITALOCEAN_TOKEN` where none is set.

    The local DigitalOcean is one account, and a real token is not for it: there the variables of stacks do not count.
    """
    own = [OF_STACK + _spelled(stack)]
    if stack not in LASTING:
        own.append(OF_STACK + _spelled(LASTING[0]))
    names = (*(() if is_local(environ) else own), *TOKENS)
    return next((name for name in names if environ.get(name)), TOKENS[0])


def account_of(stack: str, environ: Mapping[str, str]) -> Mapping[str, str]:
    """The environment with the token of the stack's own account, where there is one."""
    name = variable_of(stack, environ)
    return environ if name in TOKENS else {**environ, TOKENS[0]: environ[name]}


def of_stacks(environ: Mapping[str, str]) -> tuple[str, ...]:
    """The variables of an environment that hold the token of one stack's account."""
    return tuple(sorted(name for name in environ if _OF_ONE.fullmatch(name)))


def _spelled(stack: str) -> str:
    return re.sub(r"[^A-Z0-9]", "_", stack.upper())
