"""The repository's own files, for tests that read them."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("tui", "node", "hub", "sync", "printer")


def modules() -> list[Path]:
    """Every module of the five rooms."""
    return sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))


def texts() -> dict[str, str]:
    """Every kept text file by its path: what git tracks, or all but hidden ones without git."""
    return {
        name: (ROOT / name).read_text(encoding="utf-8")
        for name in _names()
        if (ROOT / name).is_file() and not _is_binary(ROOT / name)
    }


def name_of(path: Path) -> str:
    """A module's import name."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _names() -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode == 0 and listed.stdout:
        return sorted(name for name in listed.stdout.split("\0") if name)
    here = (path.relative_to(ROOT) for path in ROOT.rglob("*") if path.is_file())
    return sorted(
        str(path) for path in here if not any(part.startswith(".") for part in path.parts)
    )


def _is_binary(path: Path) -> bool:
    return b"\0" in path.read_bytes()[:4096] or path.suffix in {".zengin", ".png", ".otf"}
