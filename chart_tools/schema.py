"""values.schema.json: written by hand, but for the spec of the FillPolicy, which the models say."""

import json
from typing import Any

from paraset_operator.api.crd import root_schema
from paraset_operator.api.fillpolicy import FillPolicy

Schema = dict[str, Any]


def with_policy(text: str) -> str:
    """Return the schema with the FillPolicy's spec made anew from the models."""
    schema = json.loads(text)
    schema["properties"]["fillPolicy"]["properties"]["spec"] = closed(root_schema(FillPolicy)["properties"]["spec"])
    return json.dumps(schema, indent=2) + "\n"


def closed(schema: Schema) -> Schema:
    """Return a structural schema as one that takes no field it does not name, without words only the API server has.

    Defaults go too: a Helm value that is not given is left to the API server.
    """
    result = {key: value for key, value in schema.items() if not key.startswith("x-kubernetes-") and key != "default"}
    if "properties" in result:
        result["properties"] = {name: closed(below) for name, below in result["properties"].items()}
        result["additionalProperties"] = False
    elif isinstance(result.get("additionalProperties"), dict):
        result["additionalProperties"] = closed(result["additionalProperties"])
    if "items" in result:
        result["items"] = closed(result["items"])
    return result
