"""What is in a registry: repositories, their tags and manifests, under both registry paths.

Filled by the control plane (`put("repositories", registry_name=..., name=..., tags=[...])`). Garbage collection is
answered as something that never ran.
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
    tags: list[Json] = []
    for tag in names:
        digest = "sha256:" + hashlib.sha256(f"{registry}/{name}:{tag}".encode()).hexdigest()
        tags.append(
            {"tag": tag, "manifest_digest": digest, "size_bytes": size, "updated_at": world.timestamp()}
        )
    repository: Json = {"registry_name": registry, "name": name, "_tags": tags}
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
    for tag in repository["_tags"]:
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


def _remove_tags(call: Call, key: str, value: str) -> Answer:
    repository = _find(call)
    kept = [tag for tag in repository["_tags"] if tag[key] != value]
    if len(kept) == len(repository["_tags"]):
        raise NotFound()
    repository["_tags"] = kept
    call.account[KIND].changed()
    return Answer(204)


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
    """Delete one tag."""
    return _remove_tags(call, "tag", call.params[2])


def list_digests(call: Call) -> Answer:
    """All manifests of a repository."""
    return call.page("manifests", _manifests(_find(call)))


def delete_digest(call: Call) -> Answer:
    """Delete one manifest with all its tags."""
    return _remove_tags(call, "manifest_digest", call.params[2])


def get_garbage_collection(call: Call) -> Answer:
    """The collection that is running: there is none."""
    registries.find(call)
    raise NotFound("no active garbage collection")


def list_garbage_collections(call: Call) -> Answer:
    """Collections that ran: there are none."""
    registries.find(call)
    return call.page("garbage_collections", [])


for _root in _ROOTS:
    ROUTES.on("GET", f"{_root}/repositoriesV2", "registry:read")(list_repositories_v2)
    ROUTES.on("GET", f"{_root}{_REPOSITORY}/tags", "registry:read")(list_repository_tags)
    ROUTES.on("DELETE", f"{_root}{_REPOSITORY}/tags/{{repository_tag}}", "registry:delete")(delete_tag)
    ROUTES.on("GET", f"{_root}{_REPOSITORY}/digests", "registry:read")(list_digests)
    ROUTES.on("DELETE", f"{_root}{_REPOSITORY}/digests/{{manifest_digest}}", "registry:delete")(delete_digest)
    ROUTES.on("GET", f"{_root}/garbage-collection", "registry:read")(get_garbage_collection)
    ROUTES.on("GET", f"{_root}/garbage-collections", "registry:read")(list_garbage_collections)


@ROUTES.on("DELETE", "/v2/registries/{registry_name}/repositories/{repository_name}", "registry:delete")
def delete_repository(call: Call) -> Answer:
    """Delete a repository."""
    drop(call.world, call.account, _find(call))
    return Answer(204)
