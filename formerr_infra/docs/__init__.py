"""The pages that say what the code says, generated from it: `python -m formerr_infra.docs` writes them.

Each page is one function that returns its whole text. Nothing here is used at runtime, and no page is kept up by
hand: `--check` tells which are stale and writes nothing.
"""

from __future__ import annotations

import argparse
import importlib
import inspect
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from formerr_infra import errors
from formerr_infra.decide.published import published
from formerr_infra.docs.commands import commands
from formerr_infra.docs.outputs import outputs
from formerr_infra.docs.page import page, table
from formerr_infra.model import Code, Holding, Mark, Outcome
from formerr_infra.naming import PROJECT
from formerr_infra.settings.schema import OPTIONAL, Settings, stack_defaults

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

E = TypeVar("E", bound=StrEnum)

FOLDER = Path(__file__).resolve().parents[2] / "docs"
#: Modules with errors of their own.
_RAISING = (
    "formerr_infra.deploy.repair",
    "formerr_infra.backup.errors",
    "formerr_infra.destroy.errors",
    "formerr_infra.drift.model",
    "formerr_infra.engine.errors",
    "formerr_infra.expected",
    "formerr_infra.guard",
    "formerr_infra.health.model",
    "formerr_infra.preflight",
    "formerr_infra.environments.errors",
    "formerr_infra.images.registry",
    "formerr_infra.pipeline.github",
    "formerr_infra.pull_secret",
    "formerr_infra.local.daemon",
    "formerr_infra.local.packages",
    "formerr_infra.local.toolchain.errors",
)
#: Stacks whose defaults the page of the configuration shows.
STACKS = ("staging", "production")

_HELD = {
    Holding.NONE: "the state knows nothing of the slot",
    Holding.MANAGED: "the state manages the resource `id`",
    Holding.ADOPTED: "the state only reads the resource `id`",
    Holding.INTERRUPTED: "a create of the slot was begun and not finished, and the state has no resource",
    Holding.DROPPED: "the state managed `id` and lost it (a refresh found it gone, or `pulumi state delete`); "
    "the journal beside it still names it",
}
_MARKS = {
    Mark.OURS: "it carries the mark of this project and stack",
    Mark.OTHER: "it carries another stack's mark",
    Mark.UNMARKED: "it has room for a mark and carries none",
    Mark.UNMARKABLE: "it has no room for one: a registry, and a load balancer, which takes the mark of its VPC",
}
_OUTCOMES = {
    Outcome.CREATE: "a new one is declared",
    Outcome.KEEP: "declared as managed, as before",
    Outcome.ADOPT: "only read (`.get()`); never changed, never deleted",
    Outcome.IMPORT: "declared with the live resource's own arguments and `import`; managed from then on",
    Outcome.RELEASE: "managed becomes read: `.get()` of the same id on the same URN",
    Outcome.RECREATE: "it was this stack's and is gone: declared as ever, so that it is made again",
    Outcome.OMIT: "not declared at all",
    Outcome.REFUSE: "the run stops before any write and says what was found, the ids, and what settles it",
}
_CODES = {
    Code.UNKNOWN: "what is live could not be known; an error is never taken for absence",
    Code.PINNED_MISSING: "the pinned id does not exist",
    Code.PIN_CONFLICT: "another id is pinned than the one that is managed",
    Code.WOULD_REPLACE: "the engine would delete the managed one and make another",
    Code.WOULD_DELETE: "the settings no longer declare what is managed and holds data",
    Code.GONE: "the managed one is gone, and this stack makes nothing lost again by itself",
    Code.NOT_FOUND: "there is nothing to adopt or import",
    Code.REPLACED_BEHIND_US: "the managed one is gone and another has its name",
    Code.EXISTS: "one is there already, and the policy is create",
    Code.ADOPTED_GONE: "the adopted one is gone",
    Code.IDENTITY_CHANGED: "the adopted one is gone and another has its name",
    Code.OWNED_BY_OTHER: "another stack's mark is on it",
    Code.AMBIGUOUS: "several have the name",
    Code.DOES_NOT_FIT: "region, VPC, range, size or status disagree with what is declared",
    Code.IMPORT_WOULD_WRITE: "the import itself would change the resource",
    Code.OTHER_URN: "the state has it under another URN: imported or renamed by hand",
}


def decision_table() -> str:
    """The decision table with everything that its words mean."""
    rows = [(row.number, row.held, row.live, row.policy, row.outcome) for row in published()]
    return page(
        "The decision table",
        "One row decides what happens to a slot: the first that matches. A row with a letter was added to the design's "
        "own ([why](adr/0012-rows-added.md)). Rows 3b, 26, 26b and 27 look at what another row decided, 28 at what is no longer declared, 29 at "
        "what else is in the state.",
        table(("#", "held", "live", "policy", "outcome"), rows),
        "## Words",
        "**Policy**: `auto` decides by what is there, `create` never uses what exists, `adopt` only reads, `import` takes "
        "into management. A *pin* is an id in the settings; it narrows several to one.",
        _words("held", _HELD),
        _words("mark of a live one", _MARKS),
        _words("outcome", _OUTCOMES),
        _words("refused with", _CODES),
    )


def configuration() -> str:
    """Every key, with type, default, range and meaning."""
    rows = []
    for name, schema in Settings.model_json_schema(by_alias=True)["properties"].items():
        staging, production = (stack_defaults(stack).get(name, schema.get("default")) for stack in STACKS)
        default = (
            _value(staging)
            if staging == production
            else f"{_value(staging)}; production {_value(production)}"
        )
        rows.append((f"`{name}`", _type(schema), default, _range(schema), schema["description"]))
    return page(
        "Configuration",
        f"Every key of the namespace `{PROJECT}`, as in `pulumi config set {PROJECT}:region fra1` and in "
        "`Pulumi.<stack>.yaml`. The defaults are those of a stack whose file says nothing; the files of staging and "
        "production say more.",
        table(("key", "type", "default", "allowed", "what it does"), rows),
        "An empty text and `null` mean that nothing is said, for these keys: "
        + ", ".join(f"`{key}`" for key in sorted(OPTIONAL))
        + ".",
        "A key that is not here, a wrong type or a value out of range stops the run before the first call and names key, "
        "file and line.",
        "The token is no setting: `DIGITALOCEAN_TOKEN`, or `pulumi config set --secret digitalocean:token`.",
    )


def exit_codes() -> str:
    """What a command's exit code says."""
    for module in _RAISING:
        importlib.import_module(module)
    kinds = _with_subclasses(errors.FormerrError)
    kinds.sort(key=lambda kind: (kind.exit_code, kind.__name__))
    rows = [
        (
            str(kind.exit_code),
            f"`{kind.__name__}`",
            (inspect.getdoc(kind) or "").partition("\n\n")[0].replace("\n", " "),
        )
        for kind in kinds
    ]
    return page(
        "Exit codes",
        "Of the `formerr` command. `pulumi` itself ends with a code that is not 0 whenever the program stops; its "
        "last lines say why.",
        table(
            ("code", "error", "meaning"),
            sorted(
                [
                    ("0", "", "Done."),
                    *rows,
                    ("10", "", "`make`: no Python 3.11 or newer was found."),
                ],
                key=lambda row: int(row[0]),
            ),
        ),
        "`formerr doctor` ends with 3 where something would stop a run, and with 4 where nothing would and something could not be "
        "looked into.",
    )


def policy() -> str:
    """Every rule of the policy pack."""
    # Beside the package, not in it: only what writes the pages, in a checkout, needs both.
    from policy.model import Level, ResourceRule, StackRule
    from policy.rules import RULES

    rows = [
        (
            f"`{rule.name}`",
            rule.title,
            "production" if rule.production else "every stack",
            "each resource" if isinstance(rule, ResourceRule) else "the whole stack",
            "a warning" if isinstance(rule, StackRule) and rule.level is Level.ADVISORY else "the run fails",
            rule.means,
        )
        for rule in RULES
    ]
    return page(
        "The policy pack",
        "What no stack may declare. The engine checks it in a preview and in an update:",
        "    pulumi preview -s staging --policy-pack policy\n    pulumi up -s staging --policy-pack policy",
        "On the local DigitalOcean, `make policy` previews the staging stack with it. The pack runs in the environment of the "
        "program (`.venv`, from requirements.txt).",
        "## In CI",
        "Preview with the pack before anything is written. A broken rule ends the run with another code than 0; nothing is fetched.",
        "    pip install --require-hashes -r requirements.txt   # into .venv\n"
        "    pulumi preview -s production --policy-pack policy --non-interactive\n"
        "    pulumi up -s production --policy-pack policy --yes --non-interactive",
        "With `pulumi/actions`: `policyPacks: policy`.",
        "## Rules",
        table(("rule", "says", "in", "looks at", "otherwise", "what exactly"), rows),
        "A rule about each resource is checked before that resource is made or changed. One about the whole stack is checked when "
        "all of it is declared, in an update after the writes: let the preview come first, as `pulumi up` does by itself.",
        "## What it does not see",
        "What the stack only adopts (the engine shows nothing of it, hence the warnings); pods that a Helm release or a custom "
        "resource makes; what others change in the account; values behind a `secretKeyRef`.",
        "## What is not known yet",
        "In a preview, what depends on a resource that is not there yet has no value. A rule that meets one neither passes nor "
        "fails: it says `can't run policy ... during preview` and names the place, and the update checks again before it makes "
        "that resource.",
        "## Other stacks, other levels",
        "`production` is the stack of that name. Other names, and another level for a rule, stand in a file for "
        "`--policy-pack-config`:",
        '    {"tls-in-production": {"stacks": ["production", "live"]}, "no-latest-image": "advisory"}',
    )


def token_scopes() -> str:
    """The smallest set of scopes of a token."""
    from formerr_infra.doctor import scopes

    def told(names: frozenset[str]) -> str:
        kinds: dict[str, list[str]] = {}
        for name in sorted(names):
            kind, _, what = name.partition(":")
            kinds.setdefault(kind, []).append(what)
        return "; ".join(f"`{kind}`: {', '.join(what)}" for kind, what in kinds.items()) or "-"

    def only(names: frozenset[str]) -> str:
        return " ".join(sorted(names))

    whole = frozenset().union(*(part.deploy | part.change for part in scopes.PARTS))
    return page(
        "Scopes of the token",
        "DigitalOcean's tokens can be narrowed to custom scopes (control panel, API, Tokens, Custom Scopes). This is the smallest set "
        "that works, by what the stack has. Production and staging have a token each, of their own account.",
        table(
            ("for", "to deploy", "to change it, besides", "to destroy it, besides"),
            [(part.name, told(part.deploy), told(part.change), told(part.destroy)) for part in scopes.PARTS],
        ),
        "A pipeline that only previews, looks for drift or asks `formerr health` needs those that end in `:read`, and "
        "`kubernetes:access_cluster` for the cluster's objects. Give the right to destroy to a token of its own.",
        "## To copy",
        "The cloud and the application:",
        f"    {only(scopes.CLOUD.deploy | scopes.CLOUD.change | scopes.APPLICATION.deploy)}",
        "Everything, without the right to destroy:",
        f"    {only(whole)}",
        "## What DigitalOcean adds by itself",
        "Its control panel adds what a chosen scope requires. With these sets that is "
        + ", ".join(f"`{name}`" for name in sorted(scopes.IMPLIED))
        + ". They only read, and `formerr doctor` does not call them too wide.",
        "A managed database that the stack itself makes may need `database:view_credentials` too: the bundled DigitalOcean knows no such "
        "scope, so that nothing here has tried it.",
        "## How the set was found",
        "`tests/engine/test_scopes.py` begins on the bundled DigitalOcean with a token that may do nothing, runs what the program asks "
        "before its first write, then the real engine, and grants what each failing run was refused, until the deployment, a change of it and a destroy pass: what is granted in the end is the set "
        "for deploying and for destroying. Each scope for reading is then taken away alone, and no run begins; so are some for "
        "writing, and the run fails and names the scope, and those of the pull credentials. Tried that way are all but these: "
        "`vpc:update`, `domain:update` and `project:update`, which only a change by hand or a renamed thing needs, and "
        "`block_storage:*`, for the volumes that a destroy takes with the cluster; they are DigitalOcean's own list.",
        "The scopes that the bundled DigitalOcean demands are those of the API's published specification. The real service was not asked.",
        "## Too wide",
        "`formerr doctor <stack>` sends reads alone. A scope for reading that is missing stops, by name; one that the stack has no use for "
        "(`firewall:read`, `ssh_key:read`, `billing:read`, ...) is a warning: the token is too wide. Whether a token may write cannot be "
        "asked without writing, and is not.",
    )


def _with_subclasses(kind: type[errors.FormerrError]) -> list[type[errors.FormerrError]]:
    return [kind, *(below for one in kind.__subclasses__() for below in _with_subclasses(one))]


PAGES: Mapping[str, Callable[[], str]] = {
    "decision-table.md": decision_table,
    "configuration.md": configuration,
    "exit-codes.md": exit_codes,
    "policy.md": policy,
    "token-scopes.md": token_scopes,
    "commands.md": commands,
    "outputs.md": outputs,
}


def stale(folder: Path = FOLDER) -> list[str]:
    """The pages that are missing or do not say what the code says."""
    return [
        name
        for name, page in PAGES.items()
        if not (folder / name).is_file() or (folder / name).read_text(encoding="utf-8") != page()
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the pages, or tell which are stale; 1 if any is."""
    parser = argparse.ArgumentParser(prog="python -m formerr_infra.docs", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a page is stale")
    parser.add_argument("--folder", type=Path, default=FOLDER)
    parsed = parser.parse_args(arguments)
    old = stale(parsed.folder)
    for name in old:
        if not parsed.check:
            parsed.folder.mkdir(parents=True, exist_ok=True)
            (parsed.folder / name).write_text(PAGES[name](), encoding="utf-8")
        sys.stdout.write(f"{'stale' if parsed.check else 'written'}: {name}\n")
    return 1 if parsed.check and old else 0


def _words(title: str, words: Mapping[E, str]) -> str:
    kind = type(next(iter(words)))
    return table((title, "meaning"), [(f"`{word.value}`", words[word]) for word in kind])


def _value(value: object) -> str:
    match value:
        case None | "" | () | []:
            return ""
        case bool():
            return f"`{str(value).lower()}`"
        case _:
            return f"`{value}`"


def _solid(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """The part of a field's schema that is not `null`, with a reference followed."""
    parts = [part for part in schema.get("anyOf", [schema]) if part.get("type") != "null"]
    part: Mapping[str, Any] = parts[0]
    if "$ref" in part:
        definitions: Mapping[str, Mapping[str, Any]] = Settings.model_json_schema(by_alias=True)["$defs"]
        return definitions[part["$ref"].rsplit("/", 1)[-1]]
    return part


def _type(schema: Mapping[str, Any]) -> str:
    return str(_solid(schema)["type"]).replace("array", "list of text").replace("string", "text")


def _range(schema: Mapping[str, Any]) -> str:
    solid = _solid(schema)
    if "items" in solid:
        return _range(solid["items"])
    if "enum" in solid:
        return ", ".join(f"`{word}`" for word in solid["enum"])
    said = [f"`{solid['pattern']}`"] if "pattern" in solid else []
    if "minimum" in solid:
        said.append(f"{solid['minimum']} to {solid['maximum']}")
    if "maxLength" in solid:
        said.append(f"at most {solid['maxLength']} characters")
    return ", ".join(said)


if __name__ == "__main__":
    raise SystemExit(main())
