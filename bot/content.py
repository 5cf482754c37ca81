"""Content files: reading YAML so that every mistake names its file and line.

Editors who are not programmers write these files, so an error has to read like
`data/safety/rules.yml:12: unknown level 'foo' (use none, distress, crisis, medical_emergency)`.
Parsed by libyaml through PyYAML, which keeps the line of each node: 20 times as fast as ruamel's
round-trip loader, so that a hundred times today's content still loads in seconds.
Imports nothing of Rasa.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, NoReturn

import yaml

__all__ = ["ContentError", "ContentReader", "line_of", "load_yaml"]


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


class _Mapping(dict[Any, Any]):
    """A mapping that knows where it and its keys were written."""

    line: int
    lines: dict[Any, int]


class _Sequence(list[Any]):
    """A list that knows where it and its items were written."""

    line: int
    lines: list[int]


class _Loader(yaml.CSafeLoader):
    """YAML 1.2 words (`no`, `on` and `NO` stay text); repeated keys are a mistake."""


# PyYAML shares its table of resolvers between classes; this one gets a copy without YAML 1.1's
# booleans, sexagesimal numbers and the like, and with those of YAML 1.2.
_KEPT = {"tag:yaml.org,2002:null", "tag:yaml.org,2002:timestamp"}
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag in _KEPT]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}
for _tag, _pattern, _first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", r"[-+]?[0-9]+", "-+0123456789"),
    ("float", r"[-+]?[0-9]+\.[0-9]*", "-+0123456789"),
):
    _Loader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}", re.compile(f"(?:{_pattern})$"), _first
    )


def _construct_mapping(loader: _Loader, node: yaml.MappingNode) -> _Mapping:
    result = _Mapping()
    result.line = node.start_mark.line + 1
    result.lines = {}
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node, deep=True)
        try:
            repeated = key in result
        except TypeError:
            raise yaml.constructor.ConstructorError(
                None, None, "a key must be a plain word", key_node.start_mark
            ) from None
        if repeated:
            raise yaml.constructor.ConstructorError(
                None, None, f'repeated key "{key}"', key_node.start_mark
            )
        result[key] = loader.construct_object(value_node, deep=True)
        result.lines[key] = key_node.start_mark.line + 1
    return result


def _construct_sequence(loader: _Loader, node: yaml.SequenceNode) -> _Sequence:
    result = _Sequence(loader.construct_object(item, deep=True) for item in node.value)
    result.line = node.start_mark.line + 1
    result.lines = [item.start_mark.line + 1 for item in node.value]
    return result


_Loader.add_constructor("tag:yaml.org,2002:map", _construct_mapping)
_Loader.add_constructor("tag:yaml.org,2002:seq", _construct_sequence)


def load_yaml(path: Path) -> Any:
    """Return the content of one UTF-8 YAML file.

    Mappings and lists are `dict` and `list` of which `line_of` can tell where a value was written;
    an empty file gives `None`. Bare dates become `datetime.date`, and words like `no` and `on`
    stay text (YAML 1.2).

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
    try:
        return yaml.load(text, Loader=_Loader)
    except yaml.YAMLError as error:
        raise ContentError(path, _line_of_error(error, text), _reason(error)) from error
    except (ValueError, RecursionError) as error:  # an impossible date; absurd nesting
        raise ContentError(path, 0, f"not valid YAML ({error})") from error


def line_of(node: Any, key: Any = None) -> int:
    """Return the 1-based line of `node`, or of its entry `key` (mapping key or list index).

    `node` comes from `load_yaml`. Falls back to the line of `node` when `key` is absent from it,
    and to 0 when nothing is known (a plain scalar, or a value not read from a file).
    """
    if not isinstance(node, (_Mapping, _Sequence)):
        return 0
    if key is not None:
        try:
            return int(node.lines[key])
        except (KeyError, IndexError, TypeError):
            pass
    return node.line


class ContentReader:
    """Base of the readers of one content file; every check raises `ContentError` with the line."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._root: Any = load_yaml(path)

    def _check_keys(self, node: Any, required: tuple[str, ...], optional: tuple[str, ...]) -> None:
        for key in node:
            if key not in required and key not in optional:
                self._fail(node, key, f"unknown key {key!r} (use {', '.join(required + optional)})")
        for key in required:
            if key not in node:
                self._fail(node, None, f"{key!r} is missing")

    def _choice(self, entry: Any, key: str, choices: tuple[str, ...]) -> Any:
        value = entry[key]
        if value not in choices:
            self._fail(entry, key, f"unknown {key} {value!r} (use {', '.join(choices)})")
        return str(value)

    def _fail(self, node: Any, key: Any, reason: str) -> NoReturn:
        raise ContentError(self._path, line_of(node, key), reason)


def _line_of_error(error: yaml.YAMLError, text: str) -> int:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if mark is not None:
        return int(mark.line) + 1
    position = getattr(error, "position", None)  # a character that YAML does not allow
    return text.count("\n", 0, position) + 1 if isinstance(position, int) else 0


def _reason(error: yaml.YAMLError) -> str:
    problem = str(getattr(error, "problem", None) or getattr(error, "reason", None) or error)
    first_line = problem.strip().splitlines()[0] if problem.strip() else "unknown problem"
    if first_line.startswith(("repeated key", "a key must")):
        return first_line
    return f"not valid YAML: {first_line}"
