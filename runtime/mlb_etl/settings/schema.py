"""The JSON Schema of the settings file, for editors."""

from typing import Any

from mlb_etl.settings.table import SETTINGS

_NAMED = {
    "type": "object",
    "properties": {
        "env": {"type": "string", "description": "The environment variable that has the value."},
        "prefix": {"type": "string", "description": "What comes before it, such as `Bearer `."},
    },
    "required": ["env"],
    "additionalProperties": False,
}


def file_schema() -> dict[str, Any]:
    """What mlb-etl.toml may have."""
    own = {each.name: _described(each.kind.schema(), each.help) for each in SETTINGS if each.in_file}
    profile = {"type": "object", "properties": own, "additionalProperties": False}
    profiles = {
        "type": "object",
        "description": "Settings that --profile NAME or MLB_ETL_PROFILE puts in place of those above.",
        "propertyNames": {"pattern": "^[A-Za-z0-9_-]{1,60}$"},
        "additionalProperties": profile,
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Settings of mlb-etl",
        **profile,
        "properties": {**own, "profile": profiles},
    }


def _described(schema: dict[str, Any], text: str) -> dict[str, Any]:
    described = {"description": f"{text[0].upper()}{text[1:]}."}
    if schema.get("type") == "object":
        return {**schema, **described, "additionalProperties": {"anyOf": [schema["additionalProperties"], _NAMED]}}
    return {"anyOf": [schema, _NAMED], **described}
