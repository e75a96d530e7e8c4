"""Every stage fixture, rendered once by the built program."""

import json
import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FIXTURES = sorted((ROOT / "provisioner/tests/it/stages").glob("*.toml")) + [ROOT / "stages/local.toml"]


def spokectl(*arguments, cwd=ROOT):
    program = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "debug/spokectl"
    ended = subprocess.run(
        [program, *arguments, "--output", "json"], cwd=cwd, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


@pytest.fixture(scope="session")
def ejected(tmp_path_factory):
    """A folder per stage with its plain templates."""
    top = tmp_path_factory.mktemp("ejected")
    for file in FIXTURES:
        told = spokectl("eject", "--stage", str(file), "--out", str(top / file.stem))
        assert "app.yaml" in told["files"]
    return top


@pytest.fixture(scope="session")
def templates(ejected):
    found = sorted(ejected.glob("*/*.yaml"))
    assert len(found) >= 3 * len(FIXTURES)
    return found
