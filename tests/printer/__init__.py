"""Tests of the printer's room."""
