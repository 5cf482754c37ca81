"""Content files: reading YAML so that every mistake names its file and line.

Editors who are not programmers write these files, so an error has to read like
`data/safety/rules.yml:12: unknown level 'foo' (use none, distress, crisis, medical_emergency)`.
Imports nothing of Rasa.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import YAMLError

__all__ = ["ContentError", "line_of", "load_yaml"]


class ContentError(Exception):
    """A content file cannot be used.

    `file` is the path as given, `line` is 1-based (0 where no line is known), `reason` says in
    plain words what is wrong and what would be right. `str()` is `<file>:<line>: <reason>`, with
    the path relative to the working directory where possible.
    """

    def __init__(self, file: Path | str, line: int, reason: str) -> None:
        super().__init__(file, line, reason)
        self.file = Path(file)
        self.line = line
        self.reason = reason

    def __str__(self) -> str:
        try:
            shown = self.file.resolve().relative_to(Path.cwd())
        except (ValueError, OSError):
            shown = self.file
        return f"{shown}:{self.line}: {self.reason}" if self.line else f"{shown}: {self.reason}"


def load_yaml(path: Path) -> Any:
    """Return the content of one UTF-8 YAML file.

    Mappings and lists are ruamel's `CommentedMap` and `CommentedSeq` (subclasses of `dict` and
    `list`), so that `line_of` can find where a value was written; an empty file gives `None`.
    Bare dates become `datetime.date`, and words like `no` and `on` stay text (YAML 1.2).

    Raises `ContentError` for a missing or unreadable file, bytes that are not UTF-8, tab
    characters (invisible, and forbidden as YAML indentation), syntax errors and repeated keys.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ContentError(path, line, "not UTF-8 text; save the file as UTF-8") from error
    except OSError as error:
        raise ContentError(path, 0, f"cannot be read ({error.strerror})") from error
    tab = text.find("\t")
    if tab >= 0:
        line = text.count("\n", 0, tab) + 1
        raise ContentError(path, line, "tab character; use spaces instead")
    parser = YAML(typ="rt")
    parser.allow_duplicate_keys = False
    try:
        return parser.load(text)
    except (YAMLError, DuplicateKeyError) as error:
        raise ContentError(path, _line_of_error(error, text), _reason(error)) from error
    except (ValueError, RecursionError) as error:  # an impossible date; absurd nesting
        raise ContentError(path, 0, f"not valid YAML ({error})") from error


def line_of(node: Any, key: Any = None) -> int:
    """Return the 1-based line of `node`, or of its entry `key` (mapping key or list index).

    `node` comes from `load_yaml`. Falls back to the line of `node` when `key` is absent from it,
    and to 0 when nothing is known (a plain scalar, or a value not read from a file).
    """
    position = getattr(node, "lc", None)
    if position is None or position.line is None:
        return 0
    if key is not None:
        try:
            found = position.item(key) if isinstance(node, list) else position.key(key)
            return int(found[0]) + 1
        except (KeyError, TypeError, IndexError, AttributeError):
            pass
    return int(position.line) + 1


def _line_of_error(error: Exception, text: str) -> int:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if mark is not None:
        return int(mark.line) + 1
    position = getattr(error, "position", None)  # a character that YAML does not allow
    return text.count("\n", 0, position) + 1 if isinstance(position, int) else 0


def _reason(error: Exception) -> str:
    problem = str(getattr(error, "problem", None) or getattr(error, "reason", None) or error)
    first_line = problem.strip().splitlines()[0] if problem.strip() else "unknown problem"
    if isinstance(error, DuplicateKeyError):
        # ruamel adds the values; the name of the key is enough.
        return first_line.split(" with value")[0].replace("found duplicate key", "repeated key")
    return f"not valid YAML: {first_line}"
