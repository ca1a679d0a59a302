"""Whatever is sent to the server API, the answer is one that contracts/http/gateway.json has.

The examples are always the same ones: what is found once is found by everybody.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
import schemathesis
from gateway_process import GatewayProcess, insecure
from hypothesis import HealthCheck, Phase, settings
from local_stack.valkey import Valkey
from schemathesis.specs.openapi.checks import (
    allow_header_conformance,
    negative_data_rejection,
    positive_data_acceptance,
)

pytestmark = pytest.mark.long

CONTRACT = Path(__file__).parents[2] / "contracts" / "http" / "gateway.json"
OPERATIONS = schemathesis.openapi.from_path(str(CONTRACT))


@pytest.fixture(scope="module")
def served(
    tmp_path_factory: pytest.TempPathFactory, servers_dir: Path
) -> Iterator[GatewayProcess]:
    valkey = Valkey(servers_dir / "contract", persist=False)
    valkey.start()
    gateway = GatewayProcess(tmp_path_factory.mktemp("contract"), insecure(), valkey.url)
    yield gateway.wait_ready()
    assert "Traceback" not in gateway.log
    gateway.kill()
    valkey.stop()


@OPERATIONS.parametrize()
@settings(
    max_examples=15,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
    derandomize=True,
)
def test_any_request_to_the_server_api_gets_an_answer_that_is_documented(
    case: schemathesis.Case, served: GatewayProcess
) -> None:
    case.call_and_validate(
        base_url=served.http_url,
        headers={"X-API-Key": "api-key"},
        excluded_checks=[
            # As in Centrifugo, what is wrong with a command is told in the body of a 200.
            negative_data_rejection,
            positive_data_acceptance,
            allow_header_conformance,
        ],
    )
