"""Tests of the card, over a software card that takes and gives bytes."""
