"""Programs that are not ours and look at our paper: emupos, zbarimg."""

import os
import shutil
import subprocess
from collections.abc import Callable
from functools import lru_cache
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from tests.printer import photo

_ROOT = Path(__file__).parents[2]
_EMUPOS = _ROOT / ".venv" / "paper" / "bin" / "python"
"""Made by ``make paper``: emupos needs Python >= 3.13, which the program does not."""
_DRAW = Path(__file__).parent / "emupos_draw.py"


@pytest.fixture(scope="session")
def emupos() -> Callable[[bytes, int], Image.Image]:
    """Draw bytes for a printer of so many dots."""
    if not _EMUPOS.exists():
        pytest.skip("emupos is not here: `make paper PAPER_PYTHON=python3.13` brings it")

    @lru_cache(maxsize=16)
    def draw(data: bytes, width: int) -> Image.Image:
        done = subprocess.run(
            [str(_EMUPOS), str(_DRAW), str(width)], input=data, capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr.decode()
        with Image.open(BytesIO(done.stdout)) as paper:
            return paper.convert("L")

    return draw


def _zbar(folder: Path) -> photo.Reader:
    if shutil.which("zbarimg") is None:
        lack = "zbarimg is not here: the package zbar-tools brings it"
        if os.environ.get("CI") == "true":
            pytest.fail(lack)
        pytest.skip(lack)
    return lambda picture: photo.zbar(picture, folder)


@pytest.fixture(params=["zxing-cpp", pytest.param("zbarimg", marks=pytest.mark.paper)])
def read(request: pytest.FixtureRequest, tmp_path: Path) -> photo.Reader:
    """What a program reads from a picture of paper."""
    return photo.zxing if request.param == "zxing-cpp" else _zbar(tmp_path)
