"""What tests share: every topic by listing the folder, and one verified run of each."""

import re
from pathlib import Path

import pytest
from xdist.scheduler import LoadScopeScheduling

from workflow import topic
from workflow.verify import verify

# These look at every file, or put some there for a while: not two at once.
WHOLE_TREE = {"test_bad_inputs", "test_facts", "test_house"}
TOPICS = set(topic.names())


class Together(LoadScopeScheduling):
    """What one process does, where `make test` runs one a core: a topic, or a file of tests."""

    def _split_scope(self, nodeid):
        path, _, test = nodeid.partition("::")
        if (file := Path(path).stem) in WHOLE_TREE:
            return "whole tree"
        return next((p for p in re.split(r"[\[\]-]", test) if p in TOPICS), file)


@pytest.hookimpl(optionalhook=True)  # -p no:xdist
def pytest_xdist_make_scheduler(config, log):
    return Together(config, log)


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


def pytest_terminal_summary(terminalreporter):
    """A topic somebody has just made fails tests it knows nothing of: say why."""
    tested = {path.stem for path in (topic.HOME / "tests" / "mistakes").glob("*.py")}
    for name in set(topic.names()) - tested:
        terminalreporter.write_line(
            f"{name}: a topic without tests of its own. What a topic that stays here needs is in "
            'CONTRIBUTING.md, "Add a topic"; until it is there, tests that ask for it fail.'
        )
