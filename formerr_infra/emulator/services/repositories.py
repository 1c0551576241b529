"""What is in a registry: repositories, their tags and manifests, under both registry paths.

Filled by the control plane (`put("repositories", registry_name=..., name=..., tags=[...])`): every tag has a manifest of its
own. A manifest that loses its last tag stays, untagged; what a deleted one took up is only freed by a garbage collection
(`garbage`).
"""

from __future__ import annotations

import hashlib

from formerr_infra.emulator.errors import NotFound
from formerr_infra.emulator.routing import Answer, Call, Routes
from formerr_infra.emulator.services import registries
from formerr_infra.emulator.store import Account, Json, World, public

ROUTES = Routes()
KIND = registries.REPOSITORIES
_ROOTS = ("/v2/registry/{registry_name}", "/v2/registries/{registry_name}")
_REPOSITORY = "/repositories/{repository_name}"


def build(world: World, account: Account, fields: Json) -> Json:
    """A repository whose tags each have a manifest of their own, without any check."""
    registry = fields.get("registry_name") or next((r["name"] for r in account[registries.KIND]), "registry")
    name = fields.get("name", f"image-{len(account[KIND]) + 1}")
    names = fields.get("tags", ["latest"])
    size = fields.get("size_bytes", 1_000_000)
    at = fields.get("updated_at", world.timestamp())
    tags: list[Json] = []
    for tag in names:
        digest = "sha256:" + hashlib.sha256(f"{registry}/{name}:{tag}".encode()).hexdigest()
        tags.append({"tag": tag, "manifest_digest": digest, "size_bytes": size, "updated_at": at})
    repository: Json = {"registry_name": registry, "name": name, "_tags": tags, "_untagged": []}
    found = account[registries.KIND].get(registry)
    if found is not None:
        found["storage_usage_bytes"] += size * len(tags)
        account[registries.KIND].changed()
    return account[KIND].put(f"{registry}/{name}", repository)


def view(_world: World, _account: Account, repository: Json) -> Json:
    """The repository with its newest manifest."""
    tags = repository["_tags"]
    shown: Json = {
        **public(repository),
        "tag_count": len(tags),
        "manifest_count": len(_manifests(repository)),
    }
    if tags:
        shown["latest_manifest"] = _manifests(repository)[-1]
    return shown


def drop(_world: World, account: Account, repository: Json) -> None:
    """Take a repository away."""
    account[KIND].remove(repository["_key"])


def _tag(repository: Json, tag: Json) -> Json:
    return {
        "registry_name": repository["registry_name"],
        "repository": repository["name"],
        "compressed_size_bytes": tag["size_bytes"] // 2,
        **tag,
    }


def _manifests(repository: Json) -> list[Json]:
    found: dict[str, Json] = {}
    for tag in (*repository["_tags"], *repository.get("_untagged", ())):
        digest = tag["manifest_digest"]
        manifest = found.setdefault(
            digest,
            {
                "registry_name": repository["registry_name"],
                "repository": repository["name"],
                "digest": digest,
                "compressed_size_bytes": tag["size_bytes"] // 2,
                "size_bytes": tag["size_bytes"],
                "updated_at": tag["updated_at"],
                "tags": [],
                "blobs": [{"digest": digest, "compressed_size_bytes": tag["size_bytes"] // 2}],
            },
        )
        if "tag" in tag:
            manifest["tags"].append(tag["tag"])
    return list(found.values())


def _all(call: Call) -> list[Json]:
    registry = registries.find(call)
    return [r for r in call.account[KIND] if r["registry_name"] == registry["name"]]


def _find(call: Call) -> Json:
    registry = registries.find(call)
    repository = call.account[KIND].get(f"{registry['name']}/{call.params[1]}")
    if repository is None:
        raise NotFound("repository not found")
    call.touched[:] = [repository["_key"], repository["name"]]
    return repository


def untagged(repository: Json) -> list[Json]:
    """The manifests of a repository that no tag names any more."""
    found: list[Json] = repository.setdefault("_untagged", [])
    return found


@ROUTES.on("GET", "/v2/registry/{registry_name}/repositories", "registry:read")
def list_repositories(call: Call) -> Answer:
    """All repositories with their newest tag."""

    def show(repository: Json) -> Json:
        shown: Json = {**public(repository), "tag_count": len(repository["_tags"])}
        if repository["_tags"]:
            shown["latest_tag"] = _tag(repository, repository["_tags"][-1])
        return shown

    return call.page("repositories", _all(call), show)


def list_repositories_v2(call: Call) -> Answer:
    """All repositories with their newest manifest."""
    return call.page(
        "repositories", _all(call), lambda repository: view(call.world, call.account, repository)
    )


def list_repository_tags(call: Call) -> Answer:
    """All tags of a repository."""
    repository = _find(call)
    return call.page("tags", [_tag(repository, tag) for tag in repository["_tags"]])


def delete_tag(call: Call) -> Answer:
    """Delete one tag; the manifest stays."""
    repository = _find(call)
    gone = [tag for tag in repository["_tags"] if tag["tag"] == call.params[2]]
    if not gone:
        raise NotFound()
    repository["_tags"].remove(gone[0])
    digest = gone[0]["manifest_digest"]
    if all(tag["manifest_digest"] != digest for tag in (*repository["_tags"], *untagged(repository))):
        untagged(repository).append({key: value for key, value in gone[0].items() if key != "tag"})
    call.account[KIND].changed()
    return Answer(204)


def list_digests(call: Call) -> Answer:
    """All manifests of a repository."""
    return call.page("manifests", _manifests(_find(call)))


def delete_digest(call: Call) -> Answer:
    """Delete one manifest with all its tags; its blobs wait for a garbage collection."""
    repository = _find(call)
    digest = call.params[2]
    gone = [one for one in (*repository["_tags"], *untagged(repository)) if one["manifest_digest"] == digest]
    if not gone:
        raise NotFound()
    for key in ("_tags", "_untagged"):
        repository[key] = [one for one in repository[key] if one["manifest_digest"] != digest]
    leave_blobs(registries.find(call), gone[0]["size_bytes"])
    call.account[KIND].changed()
    return Answer(204)


def leave_blobs(registry: Json, size: int) -> None:
    """Remember that nothing refers to a manifest's blob any more."""
    registry.setdefault("_unreferenced", []).append(size)


for _root in _ROOTS:
    ROUTES.on("GET", f"{_root}/repositoriesV2", "registry:read")(list_repositories_v2)
    ROUTES.on("GET", f"{_root}{_REPOSITORY}/tags", "registry:read")(list_repository_tags)
    ROUTES.on("DELETE", f"{_root}{_REPOSITORY}/tags/{{repository_tag}}", "registry:delete")(delete_tag)
    ROUTES.on("GET", f"{_root}{_REPOSITORY}/digests", "registry:read")(list_digests)
    ROUTES.on("DELETE", f"{_root}{_REPOSITORY}/digests/{{manifest_digest}}", "registry:delete")(delete_digest)


@ROUTES.on("DELETE", "/v2/registries/{registry_name}/repositories/{repository_name}", "registry:delete")
def delete_repository(call: Call) -> Answer:
    """Delete a repository."""
    drop(call.world, call.account, _find(call))
    return Answer(204)
