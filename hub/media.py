"""Media types of a request: what its body is, and which answers it wants (RFC 9110, 12.5.1)."""


def essence(content_type: str) -> str:
    """A media type without its parameters, in lower case."""
    return content_type.partition(";")[0].strip().lower()


def wanted(accept: str, gives: str) -> bool:
    """Whether an answer of the media type ``gives`` may be sent to who wrote this Accept.

    The most specific range that covers it decides; with a weight of 0 it is refused. An empty
    header wants anything, and so does one that nobody could read: an answer helps more.
    """
    ranges = dict(_range(each) for each in accept.split(",") if each.strip())
    kind = gives.partition("/")[0]
    for name in (gives, f"{kind}/*", "*/*"):
        if name in ranges:
            return ranges[name]
    return not ranges


def _range(written: str) -> tuple[str, bool]:
    """A media range, and whether its weight is above 0."""
    name, *parameters = (part.strip().lower() for part in written.split(";"))
    weights = [each.removeprefix("q=") for each in parameters if each.startswith("q=")]
    return name, not any(weight and not weight.strip("0.") for weight in weights)
