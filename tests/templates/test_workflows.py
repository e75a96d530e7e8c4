"""Judges of the workflows: actionlint and zizmor over what `workflow` writes, and over what this repository runs."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import FIXTURES, ROOT, spokectl

BIN = Path(sys.executable).parent


@pytest.fixture(scope="session")
def written(tmp_path_factory):
    """A working copy with two stages, and its workflows."""
    copy = tmp_path_factory.mktemp("copy")
    shutil.copytree(ROOT / "templates", copy / "templates")
    (copy / "stages").mkdir()
    for file in FIXTURES:
        shutil.copy(file, copy / "stages" / file.name)
    told = spokectl(
        "workflow", "--stage", "national", "--staging", "trial", "--repository", "example/spoke", cwd=copy
    )
    files = [copy / file for file in told["files"]]
    assert len(files) == 6
    return files


def workflows(written):
    return [file for file in written if file.parent.name == "workflows"] + sorted((ROOT / ".github/workflows").glob("*.yml"))


def run(*command):
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)


def test_actionlint_has_nothing_to_say(written):
    ended = run(BIN / "actionlint", "-no-color", *workflows(written))
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_zizmor_has_nothing_to_say(written):
    ended = run(BIN / "zizmor", "--offline", "--no-progress", "--persona", "pedantic", *workflows(written))
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_the_trust_is_a_template_like_any_other(written):
    trusts = [file for file in written if file.parent.name == "trust"]
    assert len(trusts) == 2
    ended = run(BIN / "cfn-lint", "--regions", "us-east-1", "us-west-2", "--template", *trusts)
    assert ended.returncode == 0, ended.stdout
    ended = run(BIN / "checkov", "--framework", "cloudformation", "--quiet", "--compact", "--file", *trusts)
    assert ended.returncode == 0, ended.stdout


def broken(written, tmp_path, old, new):
    file = next(file for file in written if file.name == "release.yml")
    text = file.read_text()
    assert old in text
    bad = tmp_path / "release.yml"
    bad.write_text(text.replace(old, new, 1))
    return bad


def test_actionlint_notices_a_key_that_is_not_there(written, tmp_path):
    bad = broken(written, tmp_path, "cancel-in-progress: false", "cancel-at-once: false")
    assert run(BIN / "actionlint", "-no-color", bad).returncode != 0


def test_zizmor_notices_an_action_that_is_not_pinned(written, tmp_path):
    bad = broken(written, tmp_path, "actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0", "actions/checkout@v5")
    ended = run(BIN / "zizmor", "--offline", "--no-progress", bad)
    assert ended.returncode != 0
    assert "unpinned" in ended.stdout
