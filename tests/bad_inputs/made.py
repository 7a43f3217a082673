"""Inputs too large or too special to keep: each is made in a folder and its path returned."""

import contextlib
import os
import socket
import stat
import warnings
import zipfile
from pathlib import Path

NOBODY = 65534


def _written(name: str, text: str):
    def make(folder: Path) -> Path:
        (folder / name).write_text(text, encoding="utf-8", newline="")
        return folder / name

    return make


def folder(place: Path) -> Path:
    (place / "rows.csv").mkdir()
    return place / "rows.csv"


def fifo(place: Path) -> Path:
    os.mkfifo(place / "rows.csv")
    return place / "rows.csv"


def bound_socket(place: Path) -> Path:
    here = Path.cwd()
    os.chdir(place)  # the address of a socket may have no more than 108 characters
    try:
        with socket.socket(socket.AF_UNIX) as opened:
            opened.bind("rows.csv")
    finally:
        os.chdir(here)
    return place / "rows.csv"


def below_a_file(place: Path) -> Path:
    (place / "file").write_text("")
    return place / "file" / "rows.csv"


def link_to_itself(place: Path) -> Path:
    (place / "rows.csv").symlink_to(place / "rows.csv")
    return place / "rows.csv"


def not_permitted(place: Path) -> Path:
    path = _written("rows.csv", "tested,positive\n10,3\n")(place)
    path.chmod(0)
    return path


def folder_not_permitted(place: Path) -> Path:
    (place / "closed").mkdir()
    path = _written("rows.csv", "tested,positive\n10,3\n")(place / "closed")
    path.parent.chmod(stat.S_IRUSR * (os.geteuid() == 0))  # or root's own clearing-up would fail
    return path


def sparse(place: Path) -> Path:
    with (place / "rows.csv").open("wb") as file:
        file.truncate(2 * 2**30)
    return place / "rows.csv"


def too_large(place: Path) -> Path:
    """Text at the beginning, a hole behind it: its size is known without reading it."""
    with (place / "rows.csv").open("wb") as file:
        file.write(b"tested,positive\n" + b"10,3\n" * 2**14)
        file.truncate(600 * 2**20)
    return place / "rows.csv"


def zip_bomb(place: Path) -> Path:
    path = place / "rows.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/workbook.xml", "<workbook/>")
        with packed.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet:
            for _ in range(600):
                sheet.write(bytes(2**20))
    return path


def _row(cell, names) -> str:
    return ",".join(cell(i) for i in range(names))


MADE = {
    "folder": folder,
    "fifo": fifo,
    "socket": bound_socket,
    "device": lambda place: Path("/dev/zero"),
    "nowhere": lambda place: place / "rows.csv",
    "below_a_file": below_a_file,
    "link_to_itself": link_to_itself,
    "name_too_long": lambda place: place / ("x" * 5_000),
    "name_with_escapes": _written("\x1b[31mrows\x07.csv", "tested,positive\n1,2\n"),
    "not_permitted": not_permitted,
    "folder_not_permitted": folder_not_permitted,
    "million_columns": _written("rows.csv", _row("c{}".format, 10**6) + "\n" + "1," * 10**6),
    "sparse": sparse,
    "too_large": too_large,
    "one_long_line": _written("rows.csv", "tested,positive\n" + "1" * 20_000_000 + "\n"),
    "one_long_cell": _written("rows.csv", 'tested,positive\n1,"' + "x\n" * 500_000),
    "wrong_in_every_row": _written("rows.csv", "tested,positive\n" + "1,2\n" * 200_000),
    "zip_bomb": zip_bomb,
    "large_and_right": _written("rows.csv", "tested,positive\n" + "5,2\n" * 300_000),
    "many_bad_columns": _written(
        "rows.csv",
        "".join(f"{line}\n" for line in (
            _row("c{}".format, 200) + ",outcome", "1," * 200 + "1", "x," * 200 + "2"))),
    "many_predictors": _written(
        "rows.csv",
        "".join(f"{line}\n" for line in (
            _row("c{}".format, 2_000) + ",outcome", "1," * 2_000 + "1", "2," * 2_000 + "3",
            "4," * 2_000 + "2"))),
}  # fmt: skip


@contextlib.contextmanager
def as_nobody(name: str):
    """How to run a case: here, or, where root's rights would hide what is wrong, as a nobody."""
    unprivileged = "not_permitted" in name and os.geteuid() == 0
    yield _in_a_child if unprivileged else lambda function, *given: function(*given)


def _in_a_child(function, case, path, place):
    """Exit code and text of the function, run by a child that has given up its rights."""
    for parent in place.parents:  # a nobody must get as far as the file itself
        if parent.stat().st_uid == os.geteuid() and not parent.stat().st_mode & stat.S_IXOTH:
            parent.chmod(parent.stat().st_mode | stat.S_IXOTH)
    place.chmod(0o777)
    reader, writer = os.pipe()
    with warnings.catch_warnings(action="ignore"):  # of threads: the child only looks at a file
        child = os.fork()
    if child == 0:
        status = 99
        with contextlib.suppress(BaseException):
            os.close(reader)
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            status, text = function(case, path, place)
            os.write(writer, text.encode())
        os._exit(status)
    os.close(writer)
    with open(reader, encoding="utf-8") as pipe:
        text = pipe.read()
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), text
