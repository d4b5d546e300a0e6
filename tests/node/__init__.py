"""Tests of one counter."""
