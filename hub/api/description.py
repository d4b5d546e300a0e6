"""The hub described for strangers: OpenAPI 3.1, made from what is served and from nothing else.

Paths, forms and answers are read off the endpoints (:mod:`hub.api.operations`), shapes off the
types that decode them, problems off the table of reasons (:mod:`hub.reasons`). The examples are
what a story asked and heard (``examples.json``), which the tests play again.
"""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec
from litestar import Litestar, Request, Response, get
from litestar.types import ControllerRouterHandler

from hub.api.operations import JSON, NODES, Operation, Proof, operations, tags
from hub.reasons import BY_STATUS
from sync.calls import MESSAGE
from sync.request import PROBLEM, Problem
from sync.signing import Signed

VERSION = "1"
PATH = "/v1/openapi/openapi.json"
EXAMPLES = Path(__file__).with_name("examples.json")
_SCHEMAS = "#/components/schemas/"

Json = dict[str, Any]

_PLACES = {
    "name": "what it is called: a code, an ID or a number, as the lists tell it",
    "organisation": "an organisation, as 141305-B2108",
    "node": "the node that signs, as 141305-B2108-1111",
    "epoch": "one life of it, as 3-9f2c01d2e3f4a5b6",
    "first": "the place of the first record, from 1 on",
    "n": "the node's own count of attempts, from 1 on",
    "digest": "SHA-256 of the invitation's code, 64 hexadecimal digits",
}
_QUERIES: Mapping[str, Json] = {
    "after": {"schema": {"type": "string"}, "description": "where the page before ended"},
    "incarnation": {"schema": {"type": "string"}, "description": "what the number is of"},
    "limit": {
        "schema": {"type": "integer", "minimum": 1, "maximum": 1000},
        "description": "at most so many",
    },
}
_KEY: Json = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "description": "8 to 128 visible characters in quotation marks, drawn anew for each thing"
    " that is to be done; asked again with the same key it is done once",
    "schema": {"type": "string", "pattern": '^"[!#-\\[\\]-~]{8,128}"$'},
    "example": '"8e03978e-40d5-43e8-bc93"',
}
_SECURITY: Json = {
    "token": {
        "type": "http",
        "scheme": "bearer",
        "description": "A person's or a script's token, 52 letters and digits in base32.",
    },
    "signature": {
        "type": "apiKey",
        "in": "header",
        "name": "Signature",
        "description": "RFC 9421 with the node's Ed25519 key over exactly `@method`,"
        " `@target-uri`, `content-digest` and `content-type`, with `created`, `keyid`"
        ' (`NODE/EPOCH`) and `tag="machikado"`; docs/api.md shows one made by hand.',
    },
}


def describe(app: Litestar, origin: str) -> Json:
    """The whole document, for a hub that answers at ``origin``."""
    found = list(operations(app))
    examples: Json = msgspec.json.decode(EXAMPLES.read_bytes())
    shapes = _Shapes(found)
    paths: Json = {}
    for each in found:
        told = _operation(each, shapes, examples.get(each.name, {}))
        paths.setdefault(each.path, {})[each.method.lower()] = told
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "machikado hub",
            "version": VERSION,
            "description": "People's calls are JSON under a token; terminals' calls are MessagePack"
            " under a signature. What fails is a problem of RFC 9457. A call of the desk refuses"
            " a parameter that is not described here, and a member of a form.",
            "license": {"name": "AGPL-3.0-or-later", "identifier": "AGPL-3.0-or-later"},
        },
        "servers": [{"url": origin}],
        "tags": [{"name": name, "description": said} for name, said in tags(found).items()],
        "paths": paths,
        "components": {
            "schemas": shapes.components,
            "responses": {str(status): _problem(status) for status in BY_STATUS},
            "securitySchemes": _SECURITY,
        },
    }


class _Shapes:
    """The schemas of all that is read and said."""

    def __init__(self, found: Iterable[Operation]) -> None:
        kinds = [kind for each in found for kind in (each.reads, each.says) if kind is not None]
        roots, components = msgspec.json.schema_components(
            [Problem, Signed, *kinds], ref_template=_SCHEMAS + "{name}"
        )
        self._roots = dict(zip(map(repr, [Problem, Signed, *kinds]), roots, strict=True))
        named = {name: _for_javascript(shape) for name, shape in components.items()}
        self.components = {name: _with_names(shape, name) for name, shape in named.items()}

    def of(self, kind: Any) -> Json:
        """Where a type's schema is."""
        return self._roots[repr(kind)]

    def sealed(self, kind: Any) -> Json:
        """The schema of the hub's signed envelope around a message."""
        inside = self.of(kind)
        name = "Signed" + inside["$ref"].rpartition("/")[2]
        envelope: Json = self.components["Signed"]
        places = [dict(place) for place in envelope["prefixItems"]]
        places[1] |= {"contentMediaType": MESSAGE, "contentSchema": inside}
        self.components[name] = {**envelope, "title": name, "prefixItems": places}
        return {"$ref": _SCHEMAS + name}


def _operation(each: Operation, shapes: _Shapes, example: Json) -> Json:
    told: Json = {
        "operationId": each.name,
        "tags": [each.tag],
        "summary": each.summary,
        "parameters": _parameters(each, example),
        "responses": {"200": _answer(each, shapes, example)}
        | {str(status): {"$ref": f"#/components/responses/{status}"} for status in _problems(each)},
        "security": [] if each.proof is Proof.NONE else [{each.proof.value: []}],
    }
    if each.takes and (each.reads is not None or each.tag == NODES):
        told["requestBody"] = _body(each, shapes, example)
    return told


def _parameters(each: Operation, example: Json) -> list[Json]:
    given = example.get("path", {})
    found: list[Json] = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "description": _PLACES[name],
            "schema": {"type": "string", "minLength": 1, "maxLength": 80},
            "example": given.get(name, ""),
        }
        for name in each.places
    ]
    found += [{"name": name, "in": "query", **_QUERIES[name]} for name in each.query]
    return [*found, _KEY] if each.once else found


def _body(each: Operation, shapes: _Shapes, example: Json) -> Json:
    content: Json = {}
    if each.reads is not None:
        content["schema"] = shapes.of(each.reads)
        if "request" in example:
            content["example"] = example["request"]
    told: Json = {"required": True, "content": dict.fromkeys(each.takes, content)}
    if each.tag == NODES:
        told["description"] = (
            "MessagePack; byte strings are base64 in this description."
            if each.reads is not None
            else "A batch of records: docs/records.md."
        )
    return told


def _answer(each: Operation, shapes: _Shapes, example: Json) -> Json:
    content: Json = {}
    words = "Done."
    if each.says is not None and each.gives == MESSAGE and each.name != "node_put_records":
        content["schema"] = shapes.sealed(each.says)
        words = "MessagePack: the hub's signed envelope; its body is MessagePack again."
    elif each.says is not None:
        content["schema"] = shapes.of(each.says)
    if "answer" in example:
        content["example"] = example["answer"]
    if "sealed" in example:
        content["x-sealed-example"] = example["sealed"]
    return {"description": words, "content": {each.gives: content}}


def _problems(each: Operation) -> list[int]:
    """The statuses that a call may answer with besides 200."""
    found = {400, 406, 429, 500, 503}
    if each.proof is not Proof.NONE or each.name in {
        "join",
        "sign_in",
        "node_enrol",
        "node_invited",
    }:
        found.add(401)
    if each.proof is not Proof.NONE:
        found |= {403, 404, 409}
    if "{" in each.path:
        found.add(404)  # no place of that name
    if each.takes:
        found |= {404, 408, 409, 413, 415}
    if each.once:
        found.add(422)
    return sorted(found)


def _problem(status: int) -> Json:
    """One status: which reasons it comes with."""
    reasons = BY_STATUS[status]
    told: Json = {
        "description": "; ".join(f"`{name}`: {words}" for name, words in reasons.items()),
        "content": {
            PROBLEM: {
                "schema": {
                    "allOf": [
                        {"$ref": _SCHEMAS + "Problem"},
                        {
                            "properties": {
                                "type": {"enum": [f"urn:machikado:{name}" for name in reasons]},
                                "status": {"const": status},
                            }
                        },
                    ]
                }
            }
        },
    }
    if status in {429, 503}:
        told["headers"] = {
            "Retry-After": {"description": "seconds to wait", "schema": {"type": "integer"}}
        }
    return told


def _for_javascript(shape: Any) -> Any:
    """The same schema with patterns as JSON Schema has them (ECMA-262): ``^`` and ``$``."""
    if isinstance(shape, list):
        return [_for_javascript(each) for each in shape]
    if not isinstance(shape, dict):
        return shape
    told = {name: _for_javascript(each) for name, each in shape.items()}
    if isinstance(told.get("pattern"), str):
        told["pattern"] = re.sub(r"^\\A", "^", re.sub(r"\\Z$", "$", told["pattern"]))
    if isinstance(told.get("description"), str):
        told["description"] = " ".join(told["description"].split())
    return told


def _with_names(shape: Json, name: str) -> Json:
    """A message is an array: say which member stands at each place."""
    fields = _FIELDS.get(name)
    if fields is None or "prefixItems" not in shape:
        return shape
    places = [
        {"title": field, **place} for field, place in zip(fields, shape["prefixItems"], strict=True)
    ]
    return {**shape, "prefixItems": places, "items": False}


def _structs(kind: type[msgspec.Struct]) -> Iterable[type[msgspec.Struct]]:
    for each in kind.__subclasses__():
        yield each
        yield from _structs(each)


_FIELDS = {
    each.__name__: (("kind",) if each.__struct_config__.tag else ()) + each.__struct_fields__
    for each in _structs(msgspec.Struct)
    if each.__struct_config__.array_like
}
"""The members of each message, in their order."""


def published(origin: str) -> ControllerRouterHandler:
    """The endpoint that gives the document to anybody."""
    kept: list[bytes] = []

    @get(PATH, sync_to_thread=True, include_in_schema=False)
    def openapi(request: Request[Any, Any, Any]) -> Response[bytes]:
        """Describe the hub."""
        if not kept:
            kept.append(msgspec.json.encode(describe(request.app, origin)))
        return Response(kept[0], media_type=JSON)

    return openapi
