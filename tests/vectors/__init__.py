"""Bytes that must never change, with the values they stand for beside them."""
