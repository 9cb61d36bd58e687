"""Writes files of exchanges, for the scripts that make some: README.md, beside this file, says how they look.

It picks the form of a body and judges nothing. `tests/support/src/exchanges.rs` is what reads them.
"""

import json
import pathlib

ESCAPED_COLUMNS_MAX = 110
NAMED = {0: "\\0", 9: "\\t", 10: "\\n", 13: "\\r", 92: "\\\\"}


class File:
    """The exchanges of a dialect, written in the order of their names."""

    def __init__(self, path, script):
        self.path = pathlib.Path(path).with_suffix(".exchanges")
        script = pathlib.Path(script).resolve().relative_to(pathlib.Path(__file__).resolve().parent)
        self.about = f"# Written by tests/data/{script}: make changes there.\n\n"
        self.sections = {}

    def add(self, name, expected, request, response):
        """A message is the lines of its head, and the bytes of its body."""
        assert name not in self.sections, name
        self.sections[name] = exchange(name, expected, request, response)

    def write(self):
        text = self.about + "".join(self.sections[name] for name in sorted(self.sections))
        self.path.write_bytes(text.encode())


def exchange(name, expected, request, response):
    """The section of an exchange."""
    members = ",\n".join(f"  {json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}" for key, value in expected.items())
    return f"=== {name}\n{{\n{members}\n}}\n{_message('request', *request)}{_message('response', *response)}"


def _message(part, head, body):
    form, lines = _formed(body)
    mark = f"--- {part} ({form})" if form else f"--- {part}"
    return "".join(f"{line}\n" for line in [mark, *head, "", *lines])


def _formed(body):
    """The form that needs the fewest words, and the lines of the body in it."""
    if not body:
        return None, []
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return "escaped", _wrapped(body)
    if _is_plain(text):
        return None, text.split("\n")
    unix = text.replace("\r\n", "\n")
    if unix.count("\n") == text.count("\r\n") and _is_plain(unix):
        return "crlf", unix.split("\n")
    if any(ord(character) < 32 and character not in "\n\r\t" for character in text):
        return "escaped", _wrapped(body)
    return "escaped", [_escaped_line(line) for line in text.split("\n")]


def _is_plain(text):
    """Whether a reader sees all that is there."""
    lines = text.split("\n")
    return all(line == line.rstrip() and not line.startswith(("=== ", "--- ")) for line in lines) and all(
        character.isprintable() or character == "\n" for character in text)


def _escaped_line(line):
    kept = line.rstrip(" ")
    shown = "".join(_shown(character) for character in kept) + "\\x20" * (len(line) - len(kept))
    return f"\\x{ord(shown[0]):02x}{shown[1:]}" if shown.startswith(("=== ", "--- ")) else shown


def _shown(character):
    if ord(character) in NAMED:
        return NAMED[ord(character)]
    return character if character.isprintable() else "".join(f"\\x{byte:02x}" for byte in character.encode())


def _wrapped(body):
    """Bytes, not text: a backslash at the end of a line joins it with the next one."""
    lines = [""]
    for byte in body:
        shown = NAMED.get(byte) or (chr(byte) if 32 <= byte < 127 else f"\\x{byte:02x}")
        if ESCAPED_COLUMNS_MAX <= len(lines[-1]) + len(shown):
            lines[-1] += "\\"
            lines.append("")
        lines[-1] += shown
    if lines[-1].endswith(" "):
        lines[-1] = lines[-1].rstrip(" ") + "\\x20" * (len(lines[-1]) - len(lines[-1].rstrip(" ")))
    return [f"\\x{ord(line[0]):02x}{line[1:]}" if line.startswith(("=== ", "--- ")) else line for line in lines]
