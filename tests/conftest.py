"""What tests share: every topic by listing the folder, and one verified run of each."""

import pytest

from workflow import topic
from workflow.verify import verify


def pytest_generate_tests(metafunc):
    if "name" in metafunc.fixturenames:
        metafunc.parametrize("name", topic.names(), scope="session")


@pytest.fixture(scope="session")
def each(name):
    """One topic with its shipped data and default settings."""
    found = topic.load(name)
    return found, topic.read(found), found.defaults


@pytest.fixture(scope="session")
def run(name, each):
    """The topic verified once, sampling included; shared by every test that looks at draws."""
    found, data, settings = each
    return verify(found, data, settings)
