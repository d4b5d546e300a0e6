"""The hub, room by room."""
