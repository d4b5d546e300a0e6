"""The My Number card at a counter: bytes to the card, typed answers from it.

``apdu`` speaks ISO/IEC 7816-4, ``jpki`` uses the card's user authentication, ``tap`` is the one way
a counter uses a card; ``pin`` is what a person types for it. ``pcsc`` reaches a card on a reader,
``pinpad`` a reader with keys; ``watch`` tells what lies there, and ``readers`` keeps it.
``softcard`` is a card made of software, ``demo`` makes one and looks at it, ``vpcd`` lays it on a
virtual reader.
"""
