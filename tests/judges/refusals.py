"""Asserting how AWS refuses."""

import contextlib

import pytest
from botocore.exceptions import ClientError


@contextlib.contextmanager
def refused(code, status=400, text=None):
    """The call inside answers with error `code` and HTTP `status`; `text` is in its message.

    `code` may be a tuple where AWS's documentation names more than one.
    """
    with pytest.raises(ClientError) as raised:
        yield raised
    answer = raised.value.response
    codes = (code,) if isinstance(code, str) else code
    assert answer["Error"]["Code"] in codes, answer
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == status, answer
    if text is not None:
        assert text in answer["Error"].get("Message", ""), answer
    else:
        assert answer["Error"].get("Message"), f"an error without words: {answer}"
