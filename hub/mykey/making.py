"""MyKey IDs that the hub makes: eight letters, each as likely as any other, that nobody has had."""

from hub.mykey import life
from hub.store.database import Tx
from sync.ports import Randomness
from sync.values import MyKeyId

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
_LENGTH = 8


def free_id(tx: Tx, randomness: Randomness) -> MyKeyId:
    """An ID that is and was nobody's."""
    while True:
        name = MyKeyId(draw(randomness))
        if not life.is_taken(tx, name):
            return name


def draw(randomness: Randomness) -> str:
    """Eight letters, each equally likely: bytes that would favour the first ones are dropped."""
    fair = len(_LETTERS) * (256 // len(_LETTERS))
    letters = ""
    while len(letters) < _LENGTH:
        drawn = randomness.bytes(2 * _LENGTH)
        letters += "".join(_LETTERS[byte % len(_LETTERS)] for byte in drawn if byte < fair)
    return letters[:_LENGTH]
