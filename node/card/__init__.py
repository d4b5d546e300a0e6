"""The My Number card at a counter: bytes to the card, typed answers from it.

``apdu`` speaks ISO/IEC 7816-4, ``jpki`` uses the card's user authentication, ``tap`` is the one way
a counter uses a card, ``softcard`` is a card made of software, ``demo`` makes one and looks at it.
"""
