"""The golden bytes: what this program writes today is what every other version reads.

Each JSON file stands beside the description in ``docs/records.md``. A difference here means that
records in custody, tickets on paper or nodes in the field would no longer be understood: then it is
the program that is wrong, not the file.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
import zstandard
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from sync.batch import Coding, pack, read_evidence, split, unpack
from sync.cardkey import CURVES, Algorithm, read_key
from sync.cardproof import look_message, money_message
from sync.chain import NOTHING, digest, follow
from sync.columns import Shelf, Table, restore_chain
from sync.policy import read_policy
from sync.records import AnyBody, Expiring, Record, ShiftSum, Ticket, decode, encode
from sync.request import Request, header_of, sign_request, verify_request
from sync.sealing import Sealer, certificate_name, open_content_key
from sync.signing import Head, seal_with, tagged, verify_head
from sync.standing import ZoneKey
from sync.ticket import from_qr, key_id, name_of, read_ticket, sign_ticket, to_qr
from sync.values import Digest
from sync.wire import read, write
from tests.doubles.pen import Card
from tests.vectors import examples as given

HERE = Path(__file__).parent
Json = dict[str, Any]


def stored(name: str) -> Json:
    content: Json = json.loads((HERE / name).read_text("utf-8"))
    return content


def records() -> Json:
    return {
        "chain": [
            {
                "kind": record.kind,
                "record": given.named(record),
                "bytes": data.hex(),
                "digest": digest(data).hex(),
            }
            for record, data in zip(given.RECORDS, given.BYTES, strict=True)
        ]
    }


def messages() -> Json:
    head = given.BATCH.head
    assert head is not None
    signed = seal_with(given.HUB_KEY, "time", b"body")
    challenge = bytes(range(32))
    return {
        "tagged": {"what": "example", "parts": ["", "00", "616263"]}
        | {"bytes": tagged("example", b"", b"\0", b"abc").hex()},
        "card_money": {"hub_origin": given.ORIGIN, "record": given.BYTES[2].hex()}
        | {"bytes": money_message(given.ORIGIN, given.BYTES[2]).hex()},
        "card_look": {
            "verb": "look",
            "hub_origin": given.ORIGIN,
            "node": given.NODE,
            "request_digest": given.LAST.hex(),
            "challenge": challenge.hex(),
            "bytes": look_message("look", given.ORIGIN, given.NODE, given.LAST, challenge).hex(),
        },
        "head": {"key": given.NODE_KEY.public.hex()}
        | {"head": given.named(head), "bytes": write(head).hex()},
        "signed": {"seed": given.HUB_KEY.seed.hex()}
        | {"signed": given.named(signed), "bytes": write(signed).hex()},
    }


def cards() -> Json:
    message = money_message(given.ORIGIN, given.BYTES[2])
    return {
        "message": message.hex(),
        "signatures": [
            {
                "algorithm": card.algorithm,
                "public_key": card.spki.hex(),
                "key_digest": card.digest.hex(),
                "signature": card.sign(message).hex(),
                "refused": [other.hex() for other in _other_spellings(card, message)],
            }
            for card in given.CARDS
        ],
    }


def _other_spellings(card: Card, message: bytes) -> list[bytes]:
    """What other programs would take for the same signature: its twin, and DER."""
    signature = card.sign(message)
    curve = CURVES.get(card.algorithm)
    if curve is None:
        return []
    r, s = curve.split(signature)
    return [curve.join(r, curve.order - s), encode_dss_signature(r, s)]


def sealing() -> Json:
    sealer = Sealer(given.CONTENT_KEY)
    name = certificate_name(given.CARD)
    return {
        "hub_private_key": given.SEALING_SEED.hex(),
        "content_key": given.CONTENT_KEY.hex(),
        "sealed_content_key": given.SEALED_CONTENT_KEY.hex(),
        "evidence": {
            "record_digest": given.LAST.hex(),
            "signature": given.SIGNATURE.hex(),
            "sealed": sealer.seal(given.SIGNATURE, given.LAST).hex(),
        },
        "certificate": {
            "card": given.CARD.hex(),
            "name": name.hex(),
            "certificate": b"a certificate".hex(),
            "sealed": sealer.seal(b"a certificate", name).hex(),
        },
    }


def standings() -> Json:
    zone = ZoneKey("2026-03", given.ZONE_KEY)
    return {
        "zone_key": given.ZONE_KEY.hex(),
        "card": given.CARD.hex(),
        "row": zone.row_of(given.CARD).hex(),
        "standing": given.named(given.STANDING),
        "plain": write(given.STANDING).hex(),
        "nonce": given.STANDING_NONCE.hex(),
        "sealed": zone.seal(given.CARD, given.STANDING, given.STANDING_NONCE).hex(),
    }


def batches() -> Json:
    return {
        "batch": given.named(given.BATCH),
        "bytes": zstandard.decompress(pack(given.BATCH, Coding.ROWS)).hex(),
        "evidence": given.named(given.BOOK),
        "evidence_bytes": write(given.BOOK).hex(),
    }


def columns() -> Json:
    body = pack(given.BATCH)
    begin, size = body[:4], int.from_bytes(body[4:8], "big")
    return {
        "table": given.named(given.TABLE),
        "bytes": write(given.TABLE).hex(),
        "aside": given.ASIDE.hex(),
        "rows": [row.hex() for row in given.ROWS],
        "batch": {
            "begin": begin.hex(),
            "bytes": zstandard.decompress(body[8 : 8 + size]).hex(),
            "aside": body[8 + size :].hex(),
        },
    }


def policies() -> Json:
    return {
        "policy": given.named(given.POLICY),
        "bytes": given.POLICY.encode().hex(),
        "digest": given.POLICY.digest.hex(),
    }


def tickets() -> Json:
    data = sign_ticket(given.TICKET, given.TICKET_KEY)
    return {
        "seed": given.TICKET_KEY.seed.hex(),
        "public": given.TICKET_KEY.public.hex(),
        "kid": key_id(given.TICKET_KEY.public).hex(),
        "ticket": {
            "issuer": given.TICKET.issuer,
            "number": given.TICKET.number,
            "municipality": given.TICKET.municipality,
            "points": given.TICKET.points,
            "valid_from": given.TICKET.valid_from,
            "valid_until": given.TICKET.valid_until,
            "zones": list(given.TICKET.zones),
            "online_only": given.TICKET.online_only,
        },
        "bytes": data.hex(),
        "qr": to_qr(data),
        "name": name_of(data).hex(),
    }


def requests() -> Json:
    request = given.REQUEST
    signed = sign_request(
        request,
        origin=given.ORIGIN,
        key=given.NODE_KEY,
        keyid=f"{given.NODE}/{given.EPOCH}",
        created=given.REQUEST_CREATED,
    )
    says = header_of(signed.headers, "signature-input").removeprefix("machikado=")
    base = [
        f'"@method": {request.method}',
        f'"@target-uri": {given.ORIGIN}{request.path_with_query}',
        f'"content-digest": {header_of(signed.headers, "content-digest")}',
        f'"content-type": {request.content_type}',
        f'"@signature-params": {says}',
    ]
    return {
        "seed": given.NODE_KEY.seed.hex(),
        "origin": given.ORIGIN,
        "method": request.method,
        "path": request.path_with_query,
        "content_type": request.content_type,
        "body": request.body.hex(),
        "signature_base": "\n".join(base),
        "headers": dict(signed.headers),
    }


FILES: dict[str, Callable[[], Json]] = {
    "records.json": records,
    "messages.json": messages,
    "card.json": cards,
    "sealing.json": sealing,
    "standing.json": standings,
    "batch.json": batches,
    "columns.json": columns,
    "policy.json": policies,
    "ticket.json": tickets,
    "request.json": requests,
}


@pytest.mark.parametrize("name", FILES)
def test_this_program_writes_the_golden_bytes(name: str) -> None:
    assert FILES[name]() == stored(name)


def test_every_kind_of_record_has_golden_bytes() -> None:
    kinds = {body.__struct_config__.tag for body in AnyBody.__args__}
    assert {entry["kind"] for entry in stored("records.json")["chain"]} == kinds


def test_the_golden_records_read_as_the_values_beside_them() -> None:
    for entry in stored("records.json")["chain"]:
        record = decode(bytes.fromhex(entry["bytes"]))
        assert given.named(record) == entry["record"]
        assert encode(record).hex() == entry["bytes"]


def test_the_golden_records_are_one_chain() -> None:
    chain = stored("records.json")["chain"]
    data = [bytes.fromhex(entry["bytes"]) for entry in chain]
    digests = follow(given.NODE, given.EPOCH, 1, NOTHING, data)
    assert [one.hex() for one in digests] == [entry["digest"] for entry in chain]


def test_the_golden_head_is_the_node_s() -> None:
    entry = stored("messages.json")["head"]
    head = read(bytes.fromhex(entry["bytes"]), Head)
    assert given.named(head) == entry["head"]
    verify_head(head, bytes.fromhex(entry["key"]))


def test_the_golden_signatures_of_cards_fit_in_their_one_spelling() -> None:
    entry = stored("card.json")
    message = bytes.fromhex(entry["message"])
    assert [one["algorithm"] for one in entry["signatures"]] == list(Algorithm)
    for one in entry["signatures"]:
        key = read_key(bytes.fromhex(one["public_key"]))
        assert key.algorithm == one["algorithm"]
        assert key.fits(bytes.fromhex(one["signature"]), message)
        assert not any(key.fits(bytes.fromhex(other), message) for other in one["refused"])


def test_the_golden_seals_open() -> None:
    entry = stored("sealing.json")
    private = X25519PrivateKey.from_private_bytes(bytes.fromhex(entry["hub_private_key"]))
    content_key = open_content_key(bytes.fromhex(entry["sealed_content_key"]), private)
    assert content_key.hex() == entry["content_key"]
    sealer = Sealer(content_key)
    for piece, owner, what in (
        (entry["evidence"], "record_digest", "signature"),
        (entry["certificate"], "name", "certificate"),
    ):
        belongs_to = Digest(bytes.fromhex(piece[owner]))
        assert sealer.open(bytes.fromhex(piece["sealed"]), belongs_to).hex() == piece[what]


def test_the_golden_standing_opens_with_the_card() -> None:
    entry = stored("standing.json")
    zone = ZoneKey("2026-03", bytes.fromhex(entry["zone_key"]))
    opened = zone.open(given.CARD, bytes.fromhex(entry["sealed"]))
    assert given.named(opened) == entry["standing"]


def test_the_golden_batch_reads_as_its_records() -> None:
    entry = stored("batch.json")
    batch = unpack(zstandard.compress(bytes.fromhex(entry["bytes"])))
    assert batch == given.BATCH
    chain = stored("records.json")["chain"]
    assert [data.hex() for data in split(batch.facts)] == [one["bytes"] for one in chain[:3]]
    assert read_evidence(batch.evidence, 3) == given.BOOK


def test_the_golden_table_gives_its_rows() -> None:
    entry = stored("columns.json")
    shelf = Shelf(bytes.fromhex(entry["aside"]))
    rows, digests = restore_chain(read(bytes.fromhex(entry["bytes"]), Table), shelf, 64)
    shelf.must_be_empty()
    assert [row.hex() for row in rows] == entry["rows"]
    assert digests == [digest(row) for row in rows]


def test_the_golden_batch_in_columns_is_the_golden_batch() -> None:
    entry = stored("columns.json")["batch"]
    frame = zstandard.compress(bytes.fromhex(entry["bytes"]))
    begin, aside = bytes.fromhex(entry["begin"]), bytes.fromhex(entry["aside"])
    assert unpack(begin + len(frame).to_bytes(4, "big") + frame + aside) == given.BATCH


def test_the_golden_policy_is_named_by_its_digest() -> None:
    entry = stored("policy.json")
    policy = read_policy(bytes.fromhex(entry["bytes"]))
    assert given.named(policy) == entry["policy"]
    assert policy.digest.hex() == entry["digest"]


def test_the_golden_ticket_reads_from_its_qr_code() -> None:
    entry = stored("ticket.json")
    data = from_qr(entry["qr"])
    assert data.hex() == entry["bytes"]
    assert read_ticket(data, {given.TOWN: (bytes.fromhex(entry["public"]),)}) == given.TICKET


def test_the_golden_request_verifies_over_its_signature_base() -> None:
    entry = stored("request.json")
    signature = header_of(tuple(entry["headers"].items()), "signature")
    raw = msgspec.convert(signature.removeprefix("machikado=:").rstrip(":"), bytes)
    Ed25519PublicKey.from_public_bytes(given.NODE_KEY.public).verify(
        raw, entry["signature_base"].encode("ascii")
    )
    request = Request(
        entry["method"],
        entry["path"],
        entry["content_type"],
        bytes.fromhex(entry["body"]),
        tuple(entry["headers"].items()),
    )
    keyid = verify_request(
        request,
        origin=entry["origin"],
        find_key={f"{given.NODE}/{given.EPOCH}": given.NODE_KEY.public}.get,
        now=given.NOON,
        window_ms=0,
    )
    assert keyid == f"{given.NODE}/{given.EPOCH}"


def structs_of(kind: type) -> set[type[msgspec.Struct]]:
    """A struct and the structs in its fields, however deep."""
    found: set[type[msgspec.Struct]] = set()
    waiting = [msgspec.inspect.type_info(kind)]
    while waiting:
        match waiting.pop():
            case msgspec.inspect.StructType(cls=cls, fields=fields) if cls not in found:
                found.add(cls)
                waiting += [field.type for field in fields]
            case msgspec.inspect.UnionType(types=types):
                waiting += types
            case msgspec.inspect.VarTupleType(item_type=item):
                waiting.append(item)
    return found


def test_the_page_on_records_names_every_kind_and_field() -> None:
    page = (HERE.parents[1] / "docs" / "records.md").read_text("utf-8")
    structs = structs_of(Record) - {Expiring, ShiftSum, Ticket}  # written in place, as arrays

    for struct in structs:
        names = struct.__struct_fields__
        tag = struct.__struct_config__.tag
        for name in names if tag is None else (str(tag), *names):
            assert name in page, f"docs/records.md does not say what {name} is"
    for name in FILES:
        assert name.removesuffix(".json") in page
