"""The profile `observability` on a real engine: Prometheus finds every part and its rules."""

import json
from typing import Any

import yaml
from compose_file import ROOT
from conditions import eventually
from installation import Installation


def asked(installation: Installation, what: str) -> Any:
    url = f"http://127.0.0.1:9090/api/v1/{what}"
    said = installation.compose("exec", "-T", "prometheus", "wget", "-q", "-O", "-", url)
    return json.loads(said)["data"]


def test_prometheus_sees_every_part_and_rings_by_every_rule(installation: Installation) -> None:
    installation.compose("up", "--detach", "--wait", "prometheus")
    given = yaml.safe_load((ROOT / "compose" / "prometheus.yml").read_text())
    jobs = {job["job_name"] for job in given["scrape_configs"]}

    def sees_all() -> bool:
        targets = asked(installation, "targets?state=active")["activeTargets"]
        return {t["labels"]["job"] for t in targets if t["health"] == "up"} == jobs

    eventually(sees_all, within=120)
    rules = yaml.safe_load((ROOT / "compose" / "alerts.yml").read_text())
    wanted = {rule["alert"] for group in rules["groups"] for rule in group["rules"]}
    read = [rule for group in asked(installation, "rules")["groups"] for rule in group["rules"]]
    assert {rule["name"] for rule in read} == wanted
    installation.compose("rm", "--stop", "--force", "prometheus")
