"""One MiniStack for everything, empty again for each module; each module deploys the stage once."""

import pytest

from ministack_server import Server
from working_copy import WorkingCopy


@pytest.fixture(scope="session")
def ministack(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("ministack"))
    yield server
    server.stop()


@pytest.fixture(scope="module")
def cloud(ministack):
    ministack.reset()
    return ministack


@pytest.fixture(scope="module")
def copy(cloud, tmp_path_factory):
    """A working copy whose stage was never deployed."""
    return WorkingCopy(tmp_path_factory.mktemp("copy") / "spoke", cloud.endpoint)


@pytest.fixture(scope="module")
def deployed(copy):
    """The same once it was deployed; what the deploy told is in `first`."""
    copy.first = copy.deploy()
    return copy


@pytest.fixture
def stage_file(deployed):
    """Puts the stage file and the templates back, and deploys that."""
    text = deployed.stage_file.read_text()
    yield deployed
    deployed.stage_file.write_text(text)
    deployed.fresh_templates()
    deployed.deploy("--accept", "capacity", "--accept", "data-loss")
