# The old design: each thing is a resource or a data source, by a boolean that a script sets from what doctl lists.
# Its second run finds what its first run made, calls it existing, and terraform destroys what is declared no more.

terraform {
  required_providers {
    digitalocean = { source = "digitalocean/digitalocean" }
  }
}

variable "use_existing_vpc" { type = bool }
variable "use_existing_cluster" { type = bool }
variable "use_existing_registry" { type = bool }
variable "use_existing_loadbalancer" { type = bool }
variable "registry" { type = string }
variable "kubernetes_version" { type = string }

data "digitalocean_vpc" "existing" {
  count = var.use_existing_vpc ? 1 : 0
  name  = "old-vpc"
}

resource "digitalocean_vpc" "main" {
  count    = var.use_existing_vpc ? 0 : 1
  name     = "old-vpc"
  region   = "nyc3"
  ip_range = "10.20.0.0/16"
}

locals {
  vpc_id     = var.use_existing_vpc ? data.digitalocean_vpc.existing[0].id : digitalocean_vpc.main[0].id
  cluster_id = var.use_existing_cluster ? data.digitalocean_kubernetes_cluster.existing[0].id : digitalocean_kubernetes_cluster.main[0].id
}

data "digitalocean_kubernetes_cluster" "existing" {
  count = var.use_existing_cluster ? 1 : 0
  name  = "old-cluster"
}

resource "digitalocean_kubernetes_cluster" "main" {
  count         = var.use_existing_cluster ? 0 : 1
  name          = "old-cluster"
  region        = "nyc3"
  version       = var.kubernetes_version
  vpc_uuid      = local.vpc_id
  auto_upgrade  = true
  surge_upgrade = true

  node_pool {
    name       = "workers"
    size       = "s-2vcpu-4gb"
    node_count = 3
  }
}

data "digitalocean_container_registry" "existing" {
  count = var.use_existing_registry ? 1 : 0
  name  = var.registry
}

resource "digitalocean_container_registry" "main" {
  count                  = var.use_existing_registry ? 0 : 1
  name                   = var.registry
  subscription_tier_slug = "basic"
  region                 = "nyc3"
}

data "digitalocean_loadbalancer" "existing" {
  count = var.use_existing_loadbalancer ? 1 : 0
  name  = "old-lb"
}

resource "digitalocean_loadbalancer" "main" {
  count       = var.use_existing_loadbalancer ? 0 : 1
  name        = "old-lb"
  region      = "nyc3"
  vpc_uuid    = local.vpc_id
  droplet_tag = "k8s:${local.cluster_id}"

  forwarding_rule {
    entry_protocol  = "http"
    entry_port      = 80
    target_protocol = "http"
    target_port     = 30080
  }

  healthcheck {
    protocol = "tcp"
    port     = 30080
  }
}

output "load_balancer_ip" {
  value = var.use_existing_loadbalancer ? data.digitalocean_loadbalancer.existing[0].ip : digitalocean_loadbalancer.main[0].ip
}
