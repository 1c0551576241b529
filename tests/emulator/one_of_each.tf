# The sequence of `clients` by terraform.
terraform {
  required_providers {
    digitalocean = { source = "digitalocean/digitalocean" }
  }
}
resource "digitalocean_vpc" "v" {
  name = "v"
  region = "nyc3"
  ip_range = "10.10.0.0/16"
  description = "one"
}
resource "digitalocean_kubernetes_cluster" "c" {
  name = "c"
  region = "nyc3"
  version = "1.34.4-do.0"
  vpc_uuid = digitalocean_vpc.v.id
  tags = ["a"]
  surge_upgrade = true
  node_pool {
    name = "system"
    size = "s-2vcpu-4gb"
    node_count = 1
  }
}
resource "digitalocean_kubernetes_node_pool" "work" {
  cluster_id = digitalocean_kubernetes_cluster.c.id
  name = "work"
  size = "s-2vcpu-4gb"
  node_count = 2
  tags = ["x"]
  labels = { a = "b" }
}
resource "digitalocean_container_registry" "r" {
  name = "formerr-try"
  subscription_tier_slug = "basic"
  region = "nyc3"
}
resource "digitalocean_loadbalancer" "lb" {
  name = "lb"
  region = "nyc3"
  vpc_uuid = digitalocean_vpc.v.id
  droplet_tag = "k8s:${digitalocean_kubernetes_cluster.c.id}"
  forwarding_rule {
    entry_protocol = "http"
    entry_port = 80
    target_protocol = "http"
    target_port = 30080
  }
  healthcheck {
    protocol = "tcp"
    port = 30080
  }
}
resource "digitalocean_project" "p" {
  name = "p"
  purpose = "Web Application"
  environment = "Staging"
  description = "one"
}
resource "digitalocean_project_resources" "m" {
  project = digitalocean_project.p.id
  resources = [digitalocean_loadbalancer.lb.urn]
}
resource "digitalocean_domain" "z" {
  name = "formerr-try.example"
}
resource "digitalocean_record" "www" {
  domain = digitalocean_domain.z.name
  type = "A"
  name = "www"
  value = "192.0.2.1"
  ttl = 300
}
resource "digitalocean_certificate" "t" {
  name = "t"
  type = "lets_encrypt"
  domains = [digitalocean_domain.z.name]
}
resource "digitalocean_firewall" "f" {
  name = "wall"
  inbound_rule {
    protocol = "tcp"
    port_range = "22"
    source_addresses = ["0.0.0.0/0"]
  }
  outbound_rule {
    protocol = "icmp"
    destination_addresses = ["0.0.0.0/0"]
  }
}
resource "digitalocean_database_cluster" "d" {
  name = "data"
  engine = "pg"
  version = "16"
  size = "db-s-1vcpu-1gb"
  region = "nyc3"
  node_count = 1
  private_network_uuid = digitalocean_vpc.v.id
  tags = ["a"]
}
resource "digitalocean_database_db" "app" {
  cluster_id = digitalocean_database_cluster.d.id
  name = "app"
}
resource "digitalocean_database_user" "worker" {
  cluster_id = digitalocean_database_cluster.d.id
  name = "worker"
}
resource "digitalocean_database_firewall" "rules" {
  cluster_id = digitalocean_database_cluster.d.id
  rule {
    type = "ip_addr"
    value = "192.0.2.3"
  }
}
resource "digitalocean_uptime_check" "u" {
  name = "u"
  type = "http"
  target = "http://192.0.2.5"
  regions = ["us_east", "eu_west"]
}
resource "digitalocean_uptime_alert" "a" {
  check_id = digitalocean_uptime_check.u.id
  name = "a"
  type = "ssl_expiry"
  threshold = 14
  comparison = "less_than"
  period = "2m"
  notifications {
    email = ["who@formerr-try.example"]
  }
}
resource "digitalocean_monitor_alert" "cpu" {
  description = "CPU"
  type = "v1/insights/droplet/cpu"
  compare = "GreaterThan"
  value = 90
  window = "10m"
  tags = ["k8s"]
  alerts {
    email = ["who@formerr-try.example"]
  }
}
