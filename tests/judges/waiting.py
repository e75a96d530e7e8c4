"""Waiting for a condition instead of for a time."""

import time


def until(condition, seconds=30, what=None):
    """The first true value of `condition`, asked again and again for `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what or 'the condition'}; last {value!r}")
        time.sleep(0.05)
