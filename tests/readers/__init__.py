"""Tests over the real PC/SC service: pcscd, the virtual reader vpcd, and OpenSC as the witness."""
