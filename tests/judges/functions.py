"""A function that does what its event tells, and its archive."""

import io
import sys
import zipfile
from functools import cache
from pathlib import Path


@cache
def archive(program="bootstrap.py"):
    """A deployment package with `program` as its bootstrap, run by this Python."""
    source = Path(__file__).with_name(program).read_text()
    # -I and -S: the function sees nothing of the judges' own packages, and starts fast.
    return zipped({"bootstrap": f"#!{sys._base_executable} -IS\n{source}"})


def zipped(files):
    """A zip archive of executable files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive_file:
        for path, text in files.items():
            entry = zipfile.ZipInfo(path)
            entry.external_attr = 0o100755 << 16
            archive_file.writestr(entry, text)
    return buffer.getvalue()
