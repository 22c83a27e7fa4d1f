"""As much of JSON Schema as the API's document uses: says where a value is not of its shape."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

TYPES: Mapping[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "integer": int,
    "number": (int, float),
    "null": type(None),
}
KNOWN = {
    *("type", "properties", "required", "additionalProperties", "items", "enum", "$ref"),
    *("minimum", "maximum", "maxLength", "pattern", "format", "default"),
}


def faults(value: Any, schema: Mapping[str, Any], document: Mapping[str, Any], at: str = "$") -> Iterator[str]:
    """Where a value is not of a shape of a document."""
    assert set(schema) <= KNOWN, f"the test does not know {set(schema) - KNOWN}"
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if kinds and not any(_is(value, kind) for kind in kinds):
        yield f"{at}: {value!r} is no {kinds}"
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{at}: {value!r} is not among {schema['enum']}"
    if value is None:
        return
    if ("minimum" in schema and value < schema["minimum"]) or ("maximum" in schema and value > schema["maximum"]):
        yield f"{at}: {value} is out of bounds"
    match schema.get("format"):
        case "date":
            date.fromisoformat(value)
        case "date-time":
            datetime.fromisoformat(value)
    if isinstance(value, dict):
        yield from _faults_of_members(value, schema, document, at)
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from faults(item, schema["items"], document, f"{at}[{number}]")


def _faults_of_members(value: dict[str, Any], schema: Mapping[str, Any], document: Mapping[str, Any], at: str) -> Iterator[str]:
    members, others = schema.get("properties", {}), schema.get("additionalProperties", True)
    for name in set(schema.get("required", ())) - set(value):
        yield f"{at}: {name} is missing"
    for name, item in value.items():
        if name in members:
            yield from faults(item, members[name], document, f"{at}.{name}")
        elif others is False:
            yield f"{at}: {name} is not foreseen"
        elif isinstance(others, dict):
            yield from faults(item, others, document, f"{at}.{name}")


def _is(value: Any, kind: str) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    return isinstance(value, TYPES[kind])
