"""A working copy of the repository with one stage, and `spokectl` in it.

Its templates are the repository's own. What takes minutes to build is not built: the front end is one file, and the
`cargo` that `spokectl deploy` runs names a small program that stands for the function binaries. MiniStack releases
nothing, so nobody calls it. Where the scaler is called, `cargo` names the real one, as it was built before.
"""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STAGE = "judge"
BUILT = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "debug"
PROGRAM = BUILT / "spokectl"
SCALER = BUILT / "scaler"


@dataclass
class Ended:
    """How a run of `spokectl` ended."""

    code: int
    out: str
    err: str

    @property
    def data(self):
        return json.loads(self.out)

    @property
    def failure(self):
        """The failure of a run with `--output json`."""
        return self.data["failure"]

    def __str__(self):
        return f"exit code {self.code}\n{self.out}\n{self.err}"


class WorkingCopy:
    def __init__(self, folder, endpoint, stage=STAGE, scaler=None):
        self.root = folder
        self.stage = stage
        self.stage_file = folder / f"stages/{stage}.toml"
        (folder / "stages").mkdir(parents=True)
        (folder / ".spoke").mkdir()
        self.fresh_templates()
        shutil.copytree(ROOT / "migrations", folder / "migrations")
        shutil.copy(Path(__file__).with_name("stage.toml"), self.stage_file)
        self._front_end()
        self._cargo(scaler or shutil.which("true"))
        self.speak_to(endpoint)

    def speak_to(self, endpoint, access_key="test", secret="test", token=None):
        told = {"endpoint": endpoint, "access_key_id": access_key, "secret_access_key": secret, "session_token": token}
        (self.root / ".spoke/cloud.json").write_text(json.dumps(told))

    def fresh_templates(self):
        shutil.copytree(ROOT / "templates", self.root / "templates", dirs_exist_ok=True)

    def edit(self, old, new, file=None):
        """Changes one place of the stage file, or of a template."""
        path = self.root / file if file else self.stage_file
        text = path.read_text()
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {path.name}"
        path.write_text(text.replace(old, new))

    def _front_end(self):
        web = self.root / "app/web"
        for folder in ["node_modules", "dist/assets", "dist/manifest"]:
            (web / folder).mkdir(parents=True)
        (web / "package-lock.json").write_text("{}")
        (self.root / "app/schema.graphql").write_text("")
        (web / "dist/assets/index-1.js").write_text("1")
        manifest = {"bundle": "0123456789abcdef", "script": "assets/index-1.js", "styles": []}
        (web / "dist/manifest/0123456789abcdef.json").write_text(json.dumps(manifest))

    def _cargo(self, scaler):
        tools = self.root / ".spoke/tools"
        tools.mkdir()
        built = [
            json.dumps({"reason": "compiler-artifact", "target": {"name": name}, "executable": str(program)})
            for name, program in (("spoke", shutil.which("true")), ("scaler", scaler))
        ]
        for name, lines in [("cargo", built), ("node", ["v22.0.0"]), ("npm", [])]:
            (tools / name).write_text("#!/bin/sh\n" + "".join(f"echo '{line}'\n" for line in lines))
            (tools / name).chmod(0o755)
        self._path = f"{tools}:{os.environ['PATH']}"

    def run(self, *arguments, seconds=300):
        """`spokectl` as a person runs it."""
        ended = subprocess.run(
            [PROGRAM, *arguments, "--stage", self.stage],
            cwd=self.root,
            env={"PATH": self._path, "HOME": str(self.root), "NO_COLOR": "1"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        return Ended(ended.returncode, ended.stdout, ended.stderr)

    def json(self, *arguments, **options):
        return self.run(*arguments, "--output", "json", **options)

    def deploy(self, *arguments):
        """A deploy that goes well, its data."""
        ended = self.json("deploy", "--yes", *arguments)
        assert ended.code == 0, ended
        return ended.data
