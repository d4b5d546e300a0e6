"""A QR code as a terminal shows it: two modules a letter, one above the other.

White is drawn and black is the background, with the border of white that readers need, so that it
is right on the dark terminals that most people have; most readers take it the other way round too.
"""

BORDER = 4
"""Modules of white around the code (ISO/IEC 18004, section 9.1)."""
_LETTERS = {(True, True): " ", (True, False): "▄", (False, True): "▀", (False, False): "█"}
"""(black above, black below)"""


def drawn(text: str) -> str:
    """The code of a text, line by line."""
    import qrcode
    from qrcode import constants
    from qrcode.util import MODE_8BIT_BYTE, QRData

    code = qrcode.QRCode(error_correction=constants.ERROR_CORRECT_L, border=BORDER)
    code.add_data(QRData(text, mode=MODE_8BIT_BYTE))
    code.make(fit=True)
    matrix = code.get_matrix()
    if len(matrix) % 2:
        matrix = [*matrix, [False] * len(matrix)]
    return "\n".join(
        "".join(_LETTERS[pair] for pair in zip(above, below, strict=True))
        for above, below in zip(matrix[::2], matrix[1::2], strict=True)
    )
