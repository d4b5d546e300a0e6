"""What people send to sign in, and what they hear: one shape for server and client.

Every secret is drawn where the person is: the hub gets a password, an authenticator's secret and
the digests of tokens and recovery codes, and never sends one of them back.
"""

from typing import Annotated

from msgspec import Meta, Struct

from hub.forms import Form, Line
from sync.values import Millis

LONGEST = 256
"""Characters of a password."""
RECOVERY_CODES = 8
"""So many for the day that the telephone is lost, each good once."""
Password = Annotated[str, Meta(max_length=2 * LONGEST)]
Code = Annotated[str, Meta(max_length=40)]
"""Six digits of an authenticator, or a recovery code."""
Secret = Annotated[str, Meta(max_length=128)]
"""An authenticator's secret in base32."""
DigestHex = Annotated[str, Meta(pattern=r"\A[0-9a-f]{64}\Z")]
"""SHA-256 of something drawn, hexadecimal."""
Label = Annotated[str, Meta(pattern=r"\A[0-9A-Za-z][0-9A-Za-z-]{0,19}\Z")]
LONGEST_SCRIPT = 400
"""Days that a script's token may live."""


class ProofForm(Form, frozen=True, kw_only=True):
    """Who it is, once more: the password, and a code."""

    password: Password
    code: Code


class SessionForm(ProofForm, frozen=True, kw_only=True):
    """Sign in; the answer's token is drawn by the hub, as it lives for a day at most."""

    name: Line


class SignInForm(Form, frozen=True, kw_only=True):
    """Choose what to sign in with. ``now`` is what is valid today; left out only the first time.

    An empty ``secret`` keeps the authenticator and the recovery codes.
    """

    password: Password
    secret: Secret = ""
    code: Code = ""
    """A code of the new authenticator: it works."""
    recovery: Annotated[tuple[DigestHex, ...], Meta(max_length=RECOVERY_CODES)] = ()
    now: ProofForm | None = None
    keep_token: bool = True
    """Whether the token that the person joined with goes on opening everything, for scripts."""


class JoinForm(Form, frozen=True, kw_only=True):
    """An invited person brings the SHA-256 of a token, which stays there, or chooses a password.

    With ``sign_in`` the token is nobody's: it may be thrown away.
    """

    code: Line
    token_digest: DigestHex
    sign_in: SignInForm | None = None


class TokenForm(Form, frozen=True, kw_only=True):
    """A token for a script, which was drawn where it will be used."""

    label: Label
    role: Line
    days: Annotated[int, Meta(ge=1, le=LONGEST_SCRIPT)]
    token_digest: DigestHex


class SessionView(Struct, frozen=True, kw_only=True):
    """Somebody is signed in."""

    name: str
    role: str
    municipality: str
    token: str
    ends_at: Millis
    """At the latest; after half an hour without a call sooner."""
    codes_left: int
    """Recovery codes that were not used yet."""


class WhoView(Struct, frozen=True, kw_only=True):
    """Who asks, and with what."""

    name: str
    role: str
    municipality: str
    means: str
    """joined, session or script."""
    signs_in: bool
    """Whether there is a password and an authenticator."""
    joining_token: bool
    """Whether the token that the person joined with opens anything."""


class TokenRow(Struct, frozen=True, kw_only=True):
    """A session or a script's token, without the token."""

    label: str
    """Empty: a session, or the token that the person joined with."""
    kind: str
    role: str
    made_at: Millis
    used_at: Millis
    ends_at: Millis
    """0: never."""
