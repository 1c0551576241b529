"""What the differential does with the kinds around the cluster; see `cases`."""

from __future__ import annotations

from tests.standin.kinds import SLACK, Case, a_check, a_cluster, a_database, a_domain, a_vpc, both, token

MORE: tuple[Case, ...] = (
    Case(
        token("Domain"),
        lambda ids: {"name": "formerr-it.example"},
        replaces={"name": {"name": "formerr-other.example"}, "ipAddress": {"ipAddress": "192.0.2.9"}},
        wrong={"no name": {}},
    ),
    Case(
        token("DnsRecord"),
        lambda ids: {"domain": ids["domain"], "type": "A", "name": "www", "value": "192.0.2.1", "ttl": 300},
        a_domain,
        updates={"ttl": {"ttl": 600}, "value": {"value": "192.0.2.2"}, "name": {"name": "api"}},
        replaces={
            "domain": {"domain": "formerr-other.example"},
            "type": {"type": "AAAA", "value": "2001:db8::1"},
        },
        wrong={
            "no value": {"domain": "x.example", "type": "A"},
            "a type that is none": {"domain": "x.example", "type": "B", "value": "1"},
        },
        import_id=lambda ids, ident, outputs: f"{ids['domain']},{ident}",
    ),
    Case(
        token("Certificate"),
        lambda ids: {"name": "it", "type": "lets_encrypt", "domains": [ids["domain"]]},
        a_domain,
        replaces={
            "name": {"name": "other"},
            "domains": {"domains": ["formerr-other.example"]},
            "type": {"type": "custom"},
        },
        wrong={"no domains": {"name": "it", "type": "lets_encrypt"}},
    ),
    Case(
        token("Firewall"),
        lambda ids: {
            "name": "it",
            "inboundRules": [{"protocol": "tcp", "portRange": "22", "sourceAddresses": ["0.0.0.0/0"]}],
            "outboundRules": [{"protocol": "icmp", "destinationAddresses": ["0.0.0.0/0"]}],
        },
        updates={
            "inboundRules": {
                "inboundRules": [{"protocol": "tcp", "portRange": "2222", "sourceAddresses": ["0.0.0.0/0"]}]
            },
            "name": {"name": "other"},
        },
        wrong={"no rules": {"name": "it"}},
    ),
    Case(
        token("DatabaseCluster"),
        lambda ids: {
            "name": "data",
            "engine": "pg",
            "version": "15",
            "size": "db-s-1vcpu-1gb",
            "region": "nyc3",
            "nodeCount": 1,
            "privateNetworkUuid": ids["vpc"],
            "tags": ["a"],
        },
        a_vpc,
        updates={
            "nodeCount": {"nodeCount": 2},
            "size": {"size": "db-s-2vcpu-4gb"},
            "tags": {"tags": ["b"]},
            "version": {"version": "16"},
            "maintenanceWindows": {"maintenanceWindows": [{"day": "monday", "hour": "04:00"}]},
        },
        replaces={
            "name": {"name": "other"},
            "engine": {"engine": "mysql", "version": "8"},
            "privateNetworkUuid": {"privateNetworkUuid": "11111111-2222-4333-8444-555555555555"},
            "region": {"region": "ams3"},
            "region, in capitals": {"region": "NYC3"},
        },
        wrong={
            "no version": {"name": "it", "engine": "pg", "size": "x", "region": "nyc3", "nodeCount": 1},
            "no engine": {"name": "it", "version": "16", "size": "x", "region": "nyc3", "nodeCount": 1},
            "a mode of MySQL": {
                "name": "it",
                "engine": "pg",
                "version": "16",
                "size": "x",
                "region": "nyc3",
                "nodeCount": 1,
                "sqlMode": "ANSI",
            },
        },
    ),
    Case(
        token("DatabaseDb"),
        lambda ids: {"clusterId": ids["database"], "name": "app"},
        a_database,
        replaces={
            "name": {"name": "other"},
            "clusterId": {"clusterId": "11111111-2222-4333-8444-555555555555"},
        },
        wrong={"no cluster": {"name": "app"}},
        import_id=lambda ids, ident, outputs: f"{ids['database']},app",
    ),
    Case(
        token("DatabaseUser"),
        lambda ids: {"clusterId": ids["database"], "name": "worker"},
        a_database,
        replaces={
            "name": {"name": "other"},
            "clusterId": {"clusterId": "11111111-2222-4333-8444-555555555555"},
        },
        wrong={"no cluster": {"name": "worker"}},
        import_id=lambda ids, ident, outputs: f"{ids['database']},worker",
    ),
    Case(
        token("DatabaseFirewall"),
        lambda ids: {
            "clusterId": ids["database"],
            "rules": [{"type": "ip_addr", "value": "192.0.2.3"}, {"type": "k8s", "value": ids["cluster"]}],
        },
        both(a_database, a_cluster),
        updates={"rules": {"rules": [{"type": "ip_addr", "value": "192.0.2.4"}]}},
        replaces={"clusterId": {"clusterId": "11111111-2222-4333-8444-555555555555"}},
        wrong={
            "no rules": {"clusterId": "x"},
            "a rule of no type": {"clusterId": "x", "rules": [{"value": "1"}]},
        },
        import_id=lambda ids, ident, outputs: str(ids["database"]),
    ),
    Case(
        token("UptimeCheck"),
        lambda ids: {
            "name": "it",
            "type": "http",
            "target": "http://192.0.2.5",
            "regions": ["us_east", "eu_west"],
        },
        updates={
            "target": {"target": "http://192.0.2.6"},
            "name": {"name": "other"},
            "regions": {"regions": ["se_asia"]},
            "type": {"type": "https", "target": "https://192.0.2.6"},
            "enabled": {"enabled": False},
        },
        wrong={"no target": {"name": "it"}, "a type that is none": {"target": "x", "type": "smtp"}},
    ),
    Case(
        token("UptimeAlert"),
        lambda ids: {
            "checkId": ids["check"],
            "name": "it",
            "type": "ssl_expiry",
            "threshold": 14,
            "comparison": "less_than",
            "period": "1h",
            "notifications": [{"emails": ["who@formerr-try.example"]}],
        },
        a_check,
        updates={
            "threshold": {"threshold": 7},
            "period": {"period": "30m"},
            "name": {"name": "other"},
            "notifications": {"notifications": [{"slacks": [SLACK]}]},
            "type": {"type": "latency", "comparison": "greater_than", "threshold": 300},
        },
        wrong={
            "nobody to tell": {"checkId": "x", "type": "down"},
            "a period that is none": {
                "checkId": "x",
                "type": "down",
                "period": "1d",
                "notifications": [{"emails": []}],
            },
        },
        import_id=lambda ids, ident, outputs: f"{ids['check']},{ident}",
    ),
    Case(
        token("MonitorAlert"),
        lambda ids: {
            "description": "CPU",
            "type": "v1/insights/droplet/cpu",
            "compare": "GreaterThan",
            "value": 90,
            "window": "10m",
            "tags": ["k8s"],
            "alerts": {"emails": ["who@formerr-try.example"]},
        },
        updates={
            "value": {"value": 80.5},
            "description": {"description": "processor"},
            "window": {"window": "30m"},
            "compare": {"compare": "LessThan"},
            "tags": {"tags": ["other"]},
            "entities": {"tags": None, "entities": ["11111111-2222-4333-8444-555555555555"]},
            "alerts": {"alerts": {"emails": ["who@formerr-try.example"], "slacks": [SLACK]}},
            "enabled": {"enabled": False},
            "type": {"type": "v1/insights/droplet/memory_utilization_percent"},
        },
        wrong={
            "a window that is none": {
                "description": "x",
                "type": "v1/insights/droplet/cpu",
                "compare": "GreaterThan",
                "value": 1,
                "window": "2m",
                "alerts": {"emails": []},
            }
        },
    ),
)
