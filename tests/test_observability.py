"""The profile `observability`: what Prometheus asks, what Grafana shows and what rings.

Every metric and every label that a dashboard or an alert names is one that the running system
really has; every address that Prometheus asks is a service's own, in a network that it is in.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import yaml
from compose_file import ROOT, filled, services
from live_client import LiveClients
from people import Person
from prometheus_client.parser import text_string_to_metric_families
from promql import selectors
from wired_stack import WiredStack

FOLDER = ROOT / "compose"
DASHBOARDS = sorted(path for path in (FOLDER / "grafana").glob("*.json"))
SCRAPED = {"job", "instance"}
"""Labels that Prometheus adds by itself."""
SUFFIXES = {"counter": ["_total"], "histogram": ["_bucket", "_count", "_sum"]}

Metrics = dict[str, set[str] | None]
"""The labels of every metric; None where no sample of it was seen."""


def read(name: str) -> Any:
    return yaml.safe_load((FOLDER / name).read_text())


def dashboard_expressions() -> Iterator[tuple[str, str, str]]:
    """Where it stands, the expression, and the legend of its lines."""
    for path in DASHBOARDS:
        for panel in json.loads(path.read_text())["panels"]:
            for target in panel.get("targets", []):
                place = f"{path.stem}: {panel['title']}"
                yield place, target["expr"], target["legendFormat"]


def alert_expressions() -> Iterator[tuple[str, str, str]]:
    for group in read("alerts.yml")["groups"]:
        for rule in group["rules"]:
            texts = " ".join(rule["annotations"].values())
            labels = re.findall(r"\$labels\.(\w+)", texts)
            yield rule["alert"], rule["expr"], "".join(f"{{{{{each}}}}}" for each in labels)


EXPRESSIONS = [*dashboard_expressions(), *alert_expressions()]


@pytest.fixture(scope="module")
def metrics(stack: WiredStack) -> Metrics:
    """What all services show after people did a little of everything."""
    ana = stack.people.sign_up("Ana")
    key = ana.create("Menu")["key"]
    ana.save(key, version=1, title="Menu 2")
    httpx.get(f"{stack.url}/notes/{key}", trust_env=False, timeout=30).raise_for_status()
    with LiveClients(stack.url) as live:
        live.watch(f"notes:{key}")
        stack.gateway_api(0, "info")
    urls = [*(service.url for service in stack.services.values()), stack.edge.inner_url]
    found: Metrics = {"up": set()}
    for url in urls:
        text = httpx.get(f"{url}/metrics", trust_env=False, timeout=30).text
        for family in text_string_to_metric_families(text):
            for suffix in SUFFIXES.get(family.type, [""]):
                name = family.name + suffix
                seen = [set(each.labels) for each in family.samples if each.name == name]
                found[name] = set().union(*seen) if seen else found.get(name)
    return found


@pytest.mark.parametrize(
    ("expression", "legend"),
    [each[1:] for each in EXPRESSIONS],
    ids=[each[0] for each in EXPRESSIONS],
)
def test_dashboards_and_alerts_name_only_what_there_is(
    expression: str, legend: str, metrics: Metrics
) -> None:
    named = dict(selectors(expression))
    assert named
    assert named.keys() <= metrics.keys()
    shown = set(re.findall(r"\{\{(\w+)\}\}", legend))
    for name, labels in named.items():
        known = metrics[name]
        if known is not None:
            assert labels | shown <= known | SCRAPED


def test_what_the_dashboards_name_includes_what_an_operator_asks_first() -> None:
    named = {name for _, expression, _ in EXPRESSIONS for name, _ in selectors(expression)}
    assert {
        "up", "gateway_client_connections_inflight", "gateway_node_pub_sub_lag_seconds_bucket",
        "gateway_client_num_server_disconnects_total", "gateway_node_loop_lag_seconds_bucket",
        "notes_outbox_size", "notes_relay_active", "http_requests_total",
    } <= named  # fmt: skip


def test_expressions_are_read_as_prometheus_would() -> None:
    expression = 'sum by (job) (rate(a_total{code=~"5..", job="x{"}[5m])) / on (job) up > 0.5'
    assert dict(selectors(expression)) == {"a_total": {"job", "code"}, "up": {"job"}}


def targets() -> dict[str, str]:
    """Address by job."""
    found = {}
    for job in read("prometheus.yml")["scrape_configs"]:
        for given in job.get("static_configs", []):
            [found[job["job_name"]]] = given["targets"]
        for given in job.get("dns_sd_configs", []):
            [name] = given["names"]
            found[job["job_name"]] = f"{name}:{given['port']}"
    return found


def test_prometheus_asks_every_service_at_its_own_port() -> None:
    asked = dict(address.split(":") for address in targets().values())
    assert asked.keys() == targets().keys()  # a job is called as the service is
    ports = {"edge": "2020"}  # the Caddyfile's default
    for name, prefix in (
        ("users-service", "USERS"), ("notes-service", "NOTES"), ("web", "WEB"),
        ("realtime-gateway", "GATEWAY"),
    ):  # fmt: skip
        ports[name] = services()[name]["environment"][f"{prefix}_PORT"]
    assert asked == ports


@pytest.mark.parametrize("name", sorted(targets()))
def test_prometheus_reaches_what_it_asks_over_one_network(name: str) -> None:
    # Over two, a node would be found twice and counted twice.
    shared = set(services()["prometheus"]["networks"]) & set(services()[name]["networks"])
    assert len(shared) == 1


def test_the_edge_shows_its_figures_inside_only() -> None:
    assert services()["edge"]["environment"]["EDGE_INNER_BIND"] == "0.0.0.0"
    assert not any("2020" in port for port in services()["edge"]["ports"])


def test_the_profile_is_off_unless_it_is_asked_for() -> None:
    watching = {name for name, each in services().items() if "profiles" in each}
    assert watching == {"prometheus", "grafana"}
    assert all(services()[name]["profiles"] == ["observability"] for name in watching)
    needed = {
        need
        for name, each in services().items()
        for need in each.get("depends_on", {})
        if name not in watching
    }
    assert not needed & watching


def test_grafana_finds_the_dashboards_and_prometheus() -> None:
    [source] = read("grafana/datasource.yml")["datasources"]
    assert source["url"] == "http://prometheus:9090"
    [provider] = read("grafana/dashboards.yml")["providers"]
    mounted = [volume.split(":") for volume in services()["grafana"]["volumes"]]
    shown = {source for source, place, *_ in mounted
             if place.startswith(provider["options"]["path"])}  # fmt: skip
    assert shown == {f"./compose/grafana/{path.name}" for path in DASHBOARDS}
    used = {json.dumps(panel["datasource"]) for path in DASHBOARDS
            for panel in json.loads(path.read_text())["panels"]
            if "datasource" in panel}  # fmt: skip
    assert used == {json.dumps({"type": "prometheus", "uid": source["uid"]})}


def test_prometheus_reads_its_rules_where_they_are_mounted() -> None:
    mounted = dict(
        volume.split(":")[:2][::-1] for volume in services()["prometheus"]["volumes"]
    )
    assert mounted["/etc/prometheus/prometheus.yml"] == "./compose/prometheus.yml"
    [rules] = read("prometheus.yml")["rule_files"]
    assert mounted[f"/etc/prometheus/{rules}"] == "./compose/alerts.yml"
    command = services()["prometheus"]["command"]
    assert "--config.file=/etc/prometheus/prometheus.yml" in command


def test_grafana_has_a_password_of_its_own_and_is_reached_from_this_machine_alone() -> None:
    grafana = services()["grafana"]
    given = grafana["environment"]
    assert given["GF_SECURITY_ADMIN_PASSWORD__FILE"] == "/run/secrets/grafana_password"
    [port] = grafana["ports"]
    assert filled(port).startswith("127.0.0.1:")


def test_a_person_sees_none_of_it_through_the_edge(stack: WiredStack, ana: Person) -> None:
    assert httpx.get(f"{stack.url}/metrics", trust_env=False, timeout=30).status_code == 404
