#!/usr/bin/env bash
# The old design's deployment: ask doctl what is there, tell terraform by a boolean each, apply.
# An answer that is an error counts as "not there", as it did.
set -uo pipefail

there() { # there NAME COMMAND...: whether a list has that name
  local name=$1
  shift
  if "$DOCTL" --api-url "$DIGITALOCEAN_API_URL" "$@" --format Name --no-header 2>/dev/null | grep -q "^$name *$"; then
    echo true
  else
    echo false
  fi
}

use_existing_vpc=$(there old-vpc vpcs list)
use_existing_cluster=$(there old-cluster kubernetes cluster list)
use_existing_registry=$(there "$REGISTRY" registry get)
use_existing_loadbalancer=$(there old-lb compute load-balancer list)

exec terraform apply -auto-approve -input=false -no-color \
  -var "use_existing_vpc=$use_existing_vpc" \
  -var "use_existing_cluster=$use_existing_cluster" \
  -var "use_existing_registry=$use_existing_registry" \
  -var "use_existing_loadbalancer=$use_existing_loadbalancer" \
  -var "registry=$REGISTRY" \
  -var "kubernetes_version=$VERSION"
