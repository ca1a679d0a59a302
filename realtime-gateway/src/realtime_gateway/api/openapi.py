"""`python -m realtime_gateway.api.openapi`.

The server API's contract, as it is committed in contracts/http/gateway.json. Connects to
nothing.
"""

import json
import sys
from typing import Any, Final, cast

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from realtime_gateway.api.methods import Methods
from realtime_gateway.api.routes import Api
from realtime_gateway.api.schema import REQUESTS, BatchRequest
from realtime_gateway.config.options import HttpApiOptions

VERSION: Final = "1"


def document() -> dict[str, Any]:
    """The OpenAPI document of the server API, as it is kept in contracts/http/gateway.json."""
    app = FastAPI(title="realtime-gateway server API", version=VERSION)
    # Only the shape is asked for: nothing is called.
    app.include_router(Api(cast(Methods, None), HttpApiOptions()).router())
    made = get_openapi(title=app.title, version=app.version, routes=app.routes)
    models: list[type[BaseModel]] = [
        *(request for request, _ in REQUESTS.values()),
        BatchRequest,
    ]
    _, schemas = models_json_schema(
        [(model, "validation") for model in models],
        ref_template="#/components/schemas/{model}",
    )
    made["components"]["schemas"] |= schemas["$defs"]
    made["components"]["securitySchemes"] = {
        "apiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key"}
    }
    made["security"] = [{"apiKey": []}]
    return made


if __name__ == "__main__":
    json.dump(document(), sys.stdout, indent=2, sort_keys=True, ensure_ascii=False)
    sys.stdout.write("\n")
