"""Settings: each bad one stops before the first call and names key, file and line; nothing else ever comes out."""

from __future__ import annotations

from contextlib import suppress
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from formerr_infra.errors import NotLoopback, SettingsError
from formerr_infra.model import Policy
from formerr_infra.naming import PROJECT
from formerr_infra.settings import Settings, access, check, from_config, from_files
from formerr_infra.settings.schema import OPTIONAL, SLOT_KEYS
from formerr_infra.slots import SLOTS

CHECKOUT = Path(__file__).resolve().parents[2]
KEYS = tuple(info.alias or name for name, info in Settings.model_fields.items())


def folder(tmp_path: Path, stack_file: str, project: str = "name: formerr-infra\n") -> Path:
    (tmp_path / "Pulumi.yaml").write_text(project, encoding="utf-8")
    (tmp_path / "Pulumi.staging.yaml").write_text(stack_file, encoding="utf-8")
    return tmp_path


def findings(values: dict[str, Any], stack: str = "staging") -> tuple[str, ...]:
    with pytest.raises(SettingsError) as stopped:
        check(values, stack)
    return stopped.value.findings


# -- what is refused -----------------------------------------------------------------------------------------


def each(keys: tuple[str, ...], values: tuple[object, ...]) -> list[tuple[str, object]]:
    return list(product(keys, values))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *each(("nodeCount", "nodeMin", "systemNodeCount"), (0, "0", -1, 513, 2.5, True, "x", [3], "1_0")),
        *each(("protect", "useExistingVpc", "createRegistry"), (1, 0, "yes", "on", "TRUE!", [])),
        *each(("vpcPolicy", "registryPolicy", "projectPolicy"), ("keep", "", 1, None)),
        *each(("vpcCidr",), ("10.0.0.0/8", "10.20.0.0/15", "10.20.0.0/29", "8.8.0.0/16", "172.32.0.0/16", "fd00::/48", "10.20.0.1/16", "10.20.0.0", "10.244.0.0/16", "10.245.1.0/24", "x", 7,)),
        ("region", "NYC3"),
        ("region", ""),
        ("region", "nyc3\n"),
        ("region", None),
        ("vpcName", "under_score"),
        ("vpcName", "-dash-first"),
        ("vpcName", "n" * 256),
        ("vpcName", "über"),
        ("clusterName", "Upper"),
        ("clusterName", "ends-"),
        ("clusterName", "a" * 64),
        ("registryName", "under_score"),
        ("registryName", "a.b"),
        ("loadBalancerName", "with space"),
        ("vpcId", "../../account"),
        ("vpcId", "a/b"),
        ("kubernetesVersion", 1.34),
        ("kubernetesVersion", "latest"),
        ("kubernetesVersion", "1.34.1"),
        ("kubernetesVersion", "2.0"),
        ("nodeSize", "S-2VCPU"),
        ("registryTier", "gold"),
        ("projectName", "p" * 176),
        *each(("tags",), ("one", '["a b"]', '["k8s:x"]', ["terraform:x"], ["pulumi:formerr-infra:x"], {"a": 1}, [1], "[" * 100_000)),
        *each(("imageTag", "backendImageTag"), ("latest", "Latest", "a/b", ".a", "a b", "sha256:12", "t" * 129, 1.10, 123, True)),
        *each(("frontendHost", "backendHost"), ("localhost", "https://x.dev", "a_b.dev", "x.dev/", "UPPER.dev", "1.2.3.4", "x..dev", "*.x.dev", "a" * 64 + ".dev")),
        *each(("ingressNodePort",), (29999, 32768, "80", True, "http")),
        *each(("namespaceName",), ("Formerr", "a_b", "-a", "n" * 64)),
        ("databaseMode", "sqlite"),
        ("deployApplication", "no"),
        *each(("takeOver", "allowReplace"), (["load_balancer"], '["VPC"]', "vpc", [None])),
    ],
)  # fmt: skip
def test_a_bad_value_is_refused_and_the_key_named(key: str, value: object) -> None:
    said = findings({key: value})
    assert any(f"{PROJECT}:{key}: " in line for line in said), said
    assert all(len(line) < 500 and line.isprintable() for line in said), said


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"nodeCount": 3, "nodeMin": 1, "nodeMax": 2}, "nodeCount"),
        ({"nodeMin": 1}, "nodeMin"),
        ({"nodeMax": 1}, "nodeMax"),
        ({"nodeMin": 3, "nodeMax": 2}, "nodeMin"),
        ({"clusterSubnet": "10.50.0.0/16"}, "clusterSubnet"),
        ({"clusterSubnet": "10.50.0.0/16", "serviceSubnet": "10.50.128.0/20"}, "clusterSubnet"),
        ({"vpcCidr": "10.50.0.0/16", "clusterSubnet": "10.50.0.0/20", "serviceSubnet": "10.60.0.0/20"}, "vpcCidr"),
        ({"useExistingVpc": True, "vpcPolicy": "create"}, "useExistingVpc"),
        ({"createRegistry": "true", "registryPolicy": "adopt"}, "createRegistry"),
        ({"imageTag": "sha256:" + "a" * 64}, "imageTag"),
        ({"imageTag": "sha256:" + "a" * 64, "backendImageTag": "1"}, "imageTag"),
        ({"frontendHost": "x.dev", "backendHost": "x.dev"}, "frontendHost"),
        ({"backendReplicas": 7}, "backendReplicas"),
    ],
)  # fmt: skip
def test_values_that_contradict_each_other_are_refused(values: dict[str, Any], named: str) -> None:
    assert any(f"{PROJECT}:{named}: " in line for line in findings(values))


def test_a_key_that_does_not_exist_is_refused_with_the_one_that_was_meant() -> None:
    assert findings({"vpcNmae": "x"}) == (
        f"Pulumi.staging.yaml: {PROJECT}:vpcNmae: is not a setting; did you mean vpcName?",
    )
    assert "did you mean" not in findings({"zzz": "x"})[0]


def test_all_bad_values_are_named_at_once() -> None:
    said = findings({"region": "x", "nodeCount": 0, "what": 1, "takeOver": ["all"]})
    assert len(said) == 4


def test_the_line_of_the_stack_file_is_named(tmp_path: Path) -> None:
    where = folder(tmp_path, f"# comment\nconfig:\n  {PROJECT}:region: nyc3\n  '{PROJECT}:nodeCount': 0\n")
    with pytest.raises(SettingsError, match=rf"^Pulumi\.staging\.yaml:4: {PROJECT}:nodeCount: "):
        from_files(where, "staging")


@pytest.mark.parametrize("stack", ["a.b", "", "a/b", "../staging", "x" * 101, "a b", "stäge", "a\n"])
def test_a_stack_whose_mark_could_be_no_tag_is_refused(stack: str) -> None:
    with pytest.raises(SettingsError, match="cannot be the name of a stack"):
        check({}, stack)
    with pytest.raises(SettingsError, match="cannot be the name of a stack"):
        from_files(CHECKOUT, stack)


# -- what is accepted ----------------------------------------------------------------------------------------


def test_nothing_said_is_a_valid_stack_and_production_is_careful() -> None:
    staging, production = check({}, "staging"), check({}, "production")
    assert (staging.protect, staging.retain_on_delete, staging.recreate_missing) == (False, False, True)
    assert (production.protect, production.retain_on_delete, production.recreate_missing) == (
        True,
        True,
        False,
    )
    assert staging.vpc_name == "formerr-staging-vpc"
    assert staging.cluster_name == "formerr-staging-cluster"
    assert staging.load_balancer_name == "formerr-staging-lb"
    assert {getattr(staging, f"{slot}_policy") for slot in ("vpc", "cluster", "registry")} == {Policy.AUTO}


def test_a_value_from_the_engine_is_a_text_and_means_the_same() -> None:
    typed = {
        "nodeCount": 3,
        "protect": True,
        "tags": ["a", "b:c"],
        "takeOver": ["vpc"],
        "useExistingVpc": False,
    }
    texts = {"nodeCount": "3", "protect": "true", "tags": '["a", "b:c"]', "takeOver": '["vpc"]', "useExistingVpc": "false"}  # fmt: skip
    assert check(typed, "staging") == check(texts, "staging")


@pytest.mark.parametrize("nothing", ["", None])
def test_an_optional_key_with_nothing_in_it_says_nothing(nothing: str | None) -> None:
    assert check(dict.fromkeys(OPTIONAL, nothing), "staging") == check({}, "staging")


@pytest.mark.parametrize(
    ("short", "key", "if_true", "if_false"),
    [
        ("useExistingVpc", "vpc_policy", "adopt", "create"),
        ("useExistingCluster", "cluster_policy", "adopt", "create"),
        ("useExistingLoadbalancer", "load_balancer_policy", "adopt", "create"),
        ("createRegistry", "registry_policy", "create", "adopt"),
    ],
)
def test_the_control_variables_are_short_for_policies(
    short: str, key: str, if_true: str, if_false: str
) -> None:
    for flag, policy in ((True, if_true), ("true", if_true), (False, if_false), ("false", if_false)):
        assert getattr(check({short: flag}, "staging"), key) == policy
    assert getattr(check({}, "staging"), key) == "auto"
    # What Pulumi.yaml declares as the default is not something that the user said.
    slot = short.removeprefix("useExisting").removeprefix("create")
    policy_key = {"Vpc": "vpcPolicy", "Cluster": "clusterPolicy", "Loadbalancer": "loadBalancerPolicy", "Registry": "registryPolicy"}[slot]  # fmt: skip
    assert getattr(check({short: True, policy_key: "auto"}, "staging"), key) == if_true
    assert getattr(check({short: True, policy_key: if_true}, "staging"), key) == if_true


def test_ids_are_compared_as_the_api_writes_them() -> None:
    assert check({"vpcId": "ABCDEF12-0000-4000-8000-000000000000"}, "staging").vpc_id == (
        "abcdef12-0000-4000-8000-000000000000"
    )


def test_nodes_are_counted_by_number_or_bounds() -> None:
    fixed, scaled = check({"nodeCount": 3}, "staging"), check({"nodeMin": 2, "nodeMax": 5}, "staging")
    assert (fixed.autoscale, fixed.nodes_at_start, fixed.nodes_at_most) == (False, 3, 3)
    assert (scaled.autoscale, scaled.nodes_at_start, scaled.nodes_at_most) == (True, 2, 5)
    assert check({}, "staging").nodes_at_start == 1


def test_the_slots_that_can_be_named_are_the_slots() -> None:
    assert {slot.key for slot in SLOTS} == set(SLOT_KEYS)
    every = check({"takeOver": list(SLOT_KEYS), "allowReplace": list(SLOT_KEYS)}, "staging")
    assert every.take_over == every.allow_replace == SLOT_KEYS


def test_every_key_says_what_it_does() -> None:
    for name, info in Settings.model_fields.items():
        assert info.description, name
        assert info.description.endswith("."), name


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
anything = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)
likely = st.sampled_from(
    [
        "nyc3",
        "3",
        "true",
        "10.20.0.0/16",
        "10.20.0.0/20",
        "auto",
        "import",
        '["vpc"]',
        "1.34",
        "basic",
        "a-b",
        3,
        True,
    ]
)


@given(st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=10), likely | anything, max_size=6))
@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
def test_any_configuration_is_valid_or_refused_and_nothing_else(values: dict[str, Any]) -> None:
    try:
        found = check(values, "staging")
    except SettingsError:
        pass
    else:
        assert found.nodes_at_start <= found.nodes_at_most


# -- files ---------------------------------------------------------------------------------------------------


def test_the_files_of_the_project_are_valid() -> None:
    assert from_files(CHECKOUT, "staging").node_count == 3
    production = from_files(CHECKOUT, "production")
    assert production.protect
    assert production.autoscale


def test_a_stack_without_a_file_is_refused_and_those_with_one_are_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="stacks here: staging"):
        from_files(folder(tmp_path, ""), "production")


@pytest.mark.parametrize("text", ["", "config:\n", "config: {}\n", "encryptionsalt: v1:x\n", "config:\n  digitalocean:token:\n    secure: x\n"])  # fmt: skip
def test_a_file_that_says_nothing_is_fine(tmp_path: Path, text: str) -> None:
    assert from_files(folder(tmp_path, text), "staging") == check({}, "staging")


def test_defaults_and_values_of_the_project_file_hold_below_the_stack_file(tmp_path: Path) -> None:
    project = (
        "name: formerr-infra\nconfig:\n  formerr-infra:region:\n    type: string\n    default: fra1\n"
        "  formerr-infra:nodeSize:\n    value: s-4vcpu-8gb\n  digitalocean:httpRetryMax:\n    value: 0\n"
    )
    assert from_files(folder(tmp_path, "", project), "staging").region == "fra1"
    said = from_files(folder(tmp_path, "config:\n  formerr-infra:region: ams3\n", project), "staging")
    assert (said.region, said.node_size) == ("ams3", "s-4vcpu-8gb")


def test_a_value_of_the_project_file_in_short_is_its_default_as_for_the_engine(tmp_path: Path) -> None:
    project = "name: formerr-infra\nconfig:\n  region: fra1\n  formerr-infra:nodeSize: s-4vcpu-8gb\n"
    said = from_files(folder(tmp_path, "", project), "staging")
    assert (said.region, said.node_size) == ("fra1", "s-4vcpu-8gb")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("config:\n  formerr-infra:region: nyc3\n  formerr-infra:region: fra1\n", "region"),
        ("- a\n- b\n", "mapping is expected"),
        ("text\n", "mapping is expected"),
        ("config: [a]\n", "config: a mapping"),
        ("config: text\n", "config: a mapping"),
        ("config:\n  1: 2\n", "config: a mapping"),
        ("config:\n  ? [a, b]\n  : c\n", "cannot be read|is not YAML|a mapping"),
        ("config: {\n", "is not YAML"),
        ("config:\n\tformerr-infra:region: nyc3\n", "is not YAML"),
        ("config:\n  formerr-infra:region: *nowhere\n", "is not YAML"),
        ("config:\n  formerr-infra:region: !!python/object:os.system x\n", "is not YAML"),
        ("config:\n  formerr-infra:region: 2026-13-45\n", "cannot be read|region"),
        ("config:\n  formerr-infra:region: &a [*a]\n", "region"),
        ("config:\n  formerr-infra:region:\n    secure: v1:x\n", "is a secret, and no setting is one"),
        ("config:\n  region: nyc3\n", "write formerr-infra:region"),
        ("config:\n  formerr_infra:region: nyc3\n", "did you mean formerr-infra:region"),
        ("config:\n  formerr:region: nyc3\n", "did you mean formerr-infra:region"),
        ("config:\n  formerr-infra:tags: " + "[" * 1200 + "\n", "."),
    ],
)
def test_a_file_that_cannot_be_meant_is_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        from_files(folder(tmp_path, text), "staging")


@pytest.mark.parametrize(
    ("config", "hidden", "said"),
    [
        ({"formerr_infra:region": "fra1"}, [], "formerr_infra:region: .* did you mean formerr-infra:region"),
        ({"formerr-infra:vpcName": "v"}, ["formerr-infra:vpcName"], "vpcName: is a secret, and no setting is one"),
        ({"formerr-infra:jwtSecret": "swordfish"}, [], "jwtSecret: is a secret and stands in the open"),
        ({"digitalocean:token": "swordfish"}, [], "digitalocean:token: is a secret and stands in the open"),
    ],
)  # fmt: skip
def test_an_engine_hands_over_no_more_than_a_file_may_say(
    tmp_path: Path, config: dict[str, str], hidden: list[str], said: str
) -> None:
    """A value that is hidden would be declared, and so stand in the state in the open; one in the open, in the provider."""
    with pytest.raises(SettingsError, match=said) as stopped:
        from_config(config, hidden, "staging", tmp_path)
    assert "swordfish" not in str(stopped.value)


def test_in_a_project_of_another_name_nothing_is_read_as_if_nothing_was_said(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"Pulumi\.yaml: name: is 'mine'.* formerr-infra"):
        from_config({"mine:vpcPolicy": "adopt"}, (), "staging", tmp_path, project="mine")
    with pytest.raises(SettingsError, match=r"Pulumi\.yaml: name: is 'mine'"):
        from_files(folder(tmp_path, "", "name: mine\n"), "staging")
    hidden = {"digitalocean:token": "t", "formerr-infra:jwtSecret": "s", "formerr-infra:region": "fra1"}
    read = from_config(hidden, ["digitalocean:token", "formerr-infra:jwtSecret"], "staging", tmp_path)
    assert read.region == "fra1"


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (folder(tmp_path, "") / "Pulumi.staging.yaml").write_bytes(b"\xff\xfe\x00config")
    with pytest.raises(SettingsError, match=r"Pulumi\.staging\.yaml"):
        from_files(tmp_path, "staging")


def test_an_alias_is_read_as_what_it_stands_for(tmp_path: Path) -> None:
    text = "base: &size s-4vcpu-8gb\nconfig:\n  formerr-infra:nodeSize: *size\n"
    assert from_files(folder(tmp_path, text), "staging").node_size == "s-4vcpu-8gb"


def test_aliases_that_multiply_are_refused_in_a_short_line(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)]
    with pytest.raises(SettingsError) as stopped:
        from_files(folder(tmp_path, "\n".join(lines) + "\nconfig:\n  formerr-infra:region: *a8\n"), "staging")
    assert len(str(stopped.value)) < 500


@given(st.text(max_size=200) | st.text("config: -[]{}&*!|>#'\"\n\t%@`,?abc0123formerr-infra", max_size=200))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100)
def test_any_stack_file_is_valid_or_refused_and_nothing_else(tmp_path: Path, text: str) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: formerr-infra\n", encoding="utf-8")
    (tmp_path / "Pulumi.staging.yaml").write_text(text, encoding="utf-8", errors="surrogatepass")
    with suppress(SettingsError):
        from_files(tmp_path, "staging")


# -- the schema that Pulumi checks ---------------------------------------------------------------------------


def _declared() -> dict[str, dict[str, Any]]:
    from ruamel.yaml import YAML

    config = YAML(typ="safe", pure=True).load((CHECKOUT / "Pulumi.yaml").read_text(encoding="utf-8"))[
        "config"
    ]
    return {
        key.removeprefix(f"{PROJECT}:"): schema for key, schema in config.items() if key.startswith(PROJECT)
    }


def test_the_project_file_declares_each_key_whose_default_no_stack_changes() -> None:
    """Pulumi refuses a stack that lacks a declared key without a default, so those without one stay out."""
    by_stack = {"protect", "retainOnDelete", "recreateMissing", "databaseMode"}
    kinds = {str: "string", bool: "boolean", int: "integer", tuple: "array"}
    wanted = {}
    for name, info in Settings.model_fields.items():
        default = "" if info.default is None and "str" in str(info.annotation) else info.default
        if info.alias not in by_stack and default is not None:
            kind = next(
                word for type_, word in ((bool, "boolean"), *kinds.items()) if isinstance(default, type_)
            )
            default = list(default) if isinstance(default, tuple) else default
            wanted[info.alias or name] = {"type": kind, "default": default, "description": info.description}
    declared = {key: {k: v for k, v in schema.items() if k != "items"} for key, schema in _declared().items()}
    assert declared == wanted


def test_what_the_project_file_declares_is_what_nothing_said_means() -> None:
    assert check({key: schema["default"] for key, schema in _declared().items()}, "staging") == check(
        {}, "staging"
    )


# -- access --------------------------------------------------------------------------------------------------

TOKEN = {"DIGITALOCEAN_TOKEN": "dop_v1_secret"}


def test_without_a_token_the_message_says_where_to_put_one() -> None:
    with pytest.raises(SettingsError, match="DIGITALOCEAN_TOKEN is not set"):
        access({}, {})


def test_the_configuration_comes_before_the_environment() -> None:
    config = {"digitalocean:token": "from-config", "digitalocean:apiEndpoint": "http://127.0.0.1:9/"}
    reach = access(config, TOKEN | {"DIGITALOCEAN_API_URL": "https://example.test"})
    assert (reach.token, reach.endpoint) == ("from-config", "http://127.0.0.1:9")
    assert access({}, TOKEN).endpoint == "https://api.digitalocean.com"
    assert access({}, {"DIGITALOCEAN_ACCESS_TOKEN": "x"}).token == "x"


@pytest.mark.parametrize("endpoint", ["http://api.digitalocean.com", "ftp://x", "api.digitalocean.com", "https://", "https://a/b", "https://user:pw@host", "https://a b", "https://a\\b", "https://a#b"])  # fmt: skip
def test_an_endpoint_that_would_leak_the_token_or_is_none_is_refused(endpoint: str) -> None:
    with pytest.raises(SettingsError):
        access({"digitalocean:apiEndpoint": endpoint}, TOKEN)


def test_local_mode_goes_nowhere_but_loopback() -> None:
    local = TOKEN | {"FORMERR_LOCAL": "1"}
    with pytest.raises(NotLoopback):
        access({}, local)
    with pytest.raises(NotLoopback):
        access({"digitalocean:apiEndpoint": "https://10.0.0.1"}, local)
    assert access({}, local | {"DIGITALOCEAN_API_URL": "http://127.0.0.1:8080"}).local


@pytest.mark.parametrize("token", ["with space", "line\nbreak", "ünicode", "\x1b[31m"])
def test_a_token_that_is_none_is_refused_and_not_shown(token: str) -> None:
    with pytest.raises(SettingsError) as stopped:
        access({}, {"DIGITALOCEAN_TOKEN": token})
    assert token not in str(stopped.value)


def test_the_token_is_in_no_representation() -> None:
    assert "dop_v1_secret" not in repr(access({}, TOKEN))
