"""How it is done: reading, fitting, checking and reporting, the same for every topic.

In Python and notebooks `from workflow import report, fit, check`: each is the module of that name
and can be called besides, which `notebook.py` describes. A module here is executed, and PyMC
imported, when it is first used.
"""

import sys
from importlib.machinery import ModuleSpec
from importlib.util import find_spec, module_from_spec
from threading import RLock
from types import ModuleType

CALLED = ("report", "fit", "check")


class Verb(ModuleType):
    """A module that can be called, and whose own code runs when something in it is asked for."""

    def __init__(self, spec: ModuleSpec):
        super().__init__(spec.name)
        self.__dict__.update(vars(module_from_spec(spec)))
        self._unread, self._reading = True, RLock()

    def __call__(self, *given, **how):
        return self._function(*given, **how)

    @property
    def __signature__(self):
        import inspect

        return inspect.signature(self._function)

    @property
    def _function(self):
        from workflow import notebook

        return getattr(notebook, self.__name__.rpartition(".")[2])

    def __getattr__(self, name):  # of what is not there, or not there yet
        if not name.startswith("__"):
            with self._reading:
                if self._unread:
                    self._unread = False
                    try:
                        self.__spec__.loader.exec_module(self)
                    except BaseException:
                        self._unread = True
                        raise
            if name in self.__dict__:
                return self.__dict__[name]
        raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")


for _name in CALLED:
    globals()[_name] = sys.modules[f"{__name__}.{_name}"] = Verb(find_spec(f"{__name__}.{_name}"))


def __getattr__(name: str):
    if name == "Refused":
        from workflow.topic import Refused

        return Refused
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
