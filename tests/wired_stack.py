"""A stack that windows and clients may also reach over a wire that a test can cut."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
from answer_log import AnswerLog
from cuttable_wire import Wire
from local_stack.ports import free_port
from local_stack.stack import Stack
from people import People
from unhandled_errors import UnhandledErrors


class WiredStack(Stack):
    def __init__(
        self, data_dir: Path, *, settings: Mapping[str, str] | None = None, **options: Any
    ) -> None:
        """`settings` are for every service."""
        port = free_port()
        self.errors = UnhandledErrors()
        super().__init__(data_dir, port=port, watcher=self.errors, **options)
        for service in self.services.values():
            service.env.update(settings or {})
        self.answers = AnswerLog(self.logs_dir / "answers.log")
        self.edge.env["EDGE_ACCESS_LOG"] = f"file {self.answers.path}"
        self.wire = Wire(port, port=free_port())
        self.people = People(self)

    def connections(self) -> list[int]:
        """How many WebSockets each gateway node holds."""
        return [
            int(self.gateway_api(node, "info")["result"]["nodes"][0]["num_clients"])
            for node in range(len(self.environment.gateway_ports))
        ]

    def gateway_api(self, node: int, method: str, **body: Any) -> Any:
        port = self.environment.gateway_ports[node]
        key = {"X-API-Key": self.environment.gateway_api_key}
        url = f"http://127.0.0.1:{port}/api/{method}"
        answer = httpx.post(url, json=body, headers=key, trust_env=False, timeout=30)
        answer.raise_for_status()
        return answer.json()
