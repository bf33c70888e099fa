"""Reads the YAML that this repository's documents show: Python's standard library has no parser.

Maps and lists in block and flow form, quoted and plain scalars, `|` texts, comments, and several documents. Anything else is a
`Problem`: better to refuse than to misread. Duplicate keys are refused too.
"""

import re


class Problem(Exception):
    """What cannot be read, with the line, from 1."""


KEY = re.compile(r"""("[^"]*"|'[^']*'|[^\s#\[\]{},"'&*!|>%@`-][^#"']*?|-[^\s][^#"']*?):(?=\s|$)""")
NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?")


def documents(text):
    """The documents of a text, each as Python's own values."""
    parts, begins = [[]], [1]
    for number, line in enumerate(text.splitlines(), 1):
        if re.fullmatch(r"---\s*(#.*)?", line):
            parts.append([])
            begins.append(number + 1)
        else:
            parts[-1].append(line)
    found = []
    for lines, first in zip(parts, begins, strict=True):
        reader = Reader(lines, first)
        if reader.at() is not None:
            found.append(reader.block(reader.indentation()))
            if reader.at() is not None:
                reader.fail("this belongs to nothing above it")
    return found


class Reader:
    """One document, line by line."""

    def __init__(self, lines, first):
        self.lines, self.first, self.place = lines, first, 0

    def fail(self, text):
        raise Problem(f"line {self.first + min(self.place, len(self.lines) - 1)}: {text}")

    def at(self):
        """The line that is next, without its comment; None at the end."""
        while self.place < len(self.lines):
            bare = uncommented(self.lines[self.place])
            if bare.strip():
                return bare
            self.place += 1
        return None

    def indentation(self):
        return len(self.at()) - len(self.at().lstrip(" "))

    def block(self, depth):
        return self.list(depth) if self.is_item() else self.map(depth)

    def is_item(self):
        return re.match(r"\s*-(\s|$)", self.at()) is not None

    def list(self, depth):
        found = []
        while self.at() is not None and self.indentation() == depth and self.is_item():
            line = self.lines[self.place]
            rest = line[depth + 1 :]
            inner = depth + 1 + len(rest) - len(rest.lstrip(" "))
            if re.match(r"-\s", rest.strip()) or KEY.match(uncommented(rest).strip()) and not rest.strip().startswith(("{", "[")):
                self.lines[self.place] = " " * inner + rest.lstrip(" ")
                found.append(self.block(inner))
            else:
                found.append(self.value(uncommented(rest).strip(), depth))
        return found

    def map(self, depth):
        found = {}
        while self.at() is not None and self.indentation() == depth:
            line = self.at().strip()
            match = KEY.match(line)
            if not match:
                self.fail(f"neither a key nor an item: {line[:60]}")
            key = str(scalar(match[1]))
            if key in found:
                self.fail(f"{key} stands there twice")
            found[key] = self.value(line[match.end() :].strip(), depth)
        if self.at() is not None and self.indentation() > depth:
            self.fail("deeper than what is above it")
        return found

    def value(self, text, depth):
        """What stands behind a key or a dash, and the lines that belong to it."""
        if text in ("|", "|-"):
            return self.text(depth)
        if text[:1] in ("{", "["):
            return self.flow(text)
        self.place += 1
        if text:
            return self.checked(text)
        if self.at() is not None and (self.indentation() > depth or self.indentation() == depth and self.is_item()):
            below = self.at().strip()
            return self.flow(below) if below[0] in "{[" else self.block(self.indentation())
        return None

    def checked(self, text):
        if text[0] in "&*!>%@`":
            self.place -= 1
            self.fail(f"not understood here: {text[:60]}")
        return scalar(text)

    def text(self, depth):
        self.place += 1
        lines = []
        while self.place < len(self.lines):
            line = self.lines[self.place]
            if line.strip() and len(line) - len(line.lstrip(" ")) <= depth:
                break
            lines.append(line)
            self.place += 1
        inner = min((len(line) - len(line.lstrip(" ")) for line in lines if line.strip()), default=0)
        return "\n".join(line[inner:] for line in lines).rstrip("\n") + "\n"

    def flow(self, text):
        """A value in brackets, which may go over several lines."""
        while True:
            try:
                value, end = flow(text, 0)
                break
            except IndexError:
                self.place += 1
                if self.at() is None:
                    self.fail("a bracket is not closed")
                text += " " + self.at().strip()
        if text[end:].strip():
            self.fail(f"what is this behind the bracket: {text[end:].strip()[:60]}")
        self.place += 1
        return value


def uncommented(line):
    quote = None
    for index, character in enumerate(line):
        if quote:
            if character == quote:
                quote = None
        elif character in "\"'" and (index == 0 or line[index - 1] in " [{,:"):
            quote = character
        elif character == "#" and (index == 0 or line[index - 1] == " "):
            return line[:index].rstrip()
    return line.rstrip()


def scalar(text):
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] == '"':
        return re.sub(r"\\(.)", lambda match: {"n": "\n", "t": "\t"}.get(match[1], match[1]), text[1:-1])
    if len(text) > 1 and text[0] == text[-1] == "'":
        return text[1:-1].replace("''", "'")
    if text in ("true", "false"):
        return text == "true"
    if text in ("null", "~", ""):
        return None
    if NUMBER.fullmatch(text):
        return float(text) if "." in text else int(text)
    return text


def flow(text, at):
    """(value, where it ends). Raises IndexError where the text ends too soon."""
    at = skip(text, at)
    if text[at] == "[":
        found, at = [], skip(text, at + 1)
        while text[at] != "]":
            value, at = flow(text, at)
            found.append(value)
            at = separator(text, at, "]")
        return found, at + 1
    if text[at] == "{":
        found, at = {}, skip(text, at + 1)
        while text[at] != "}":
            key, at = word(text, at, ":,}")
            at = skip(text, at)
            value = None
            if text[at] == ":":
                value, at = flow(text, at + 1)
            if key in found:
                raise Problem(f"{key} stands there twice")
            found[key] = value
            at = separator(text, at, "}")
        return found, at + 1
    return word(text, at, ",]}")


def separator(text, at, end):
    at = skip(text, at)
    if text[at] == ",":
        return skip(text, at + 1)
    if text[at] != end:
        raise Problem(f"a comma or {end} is missing before {text[at : at + 20]}")
    return at


def skip(text, at):
    while text[at] == " ":
        at += 1
    return at


def word(text, at, ends):
    if text[at] in "\"'":
        quote, begin = text[at], at
        at += 1
        while text[at] != quote or quote == "'" and text[at + 1] == quote:
            at += 2 if text[at] == quote or quote == '"' and text[at] == "\\" else 1
        return scalar(text[begin : at + 1]), at + 1
    begin = at
    # A colon ends a key before a blank alone: kubernetes.io/x: y, https://host.
    while text[at] not in ends or text[at] == ":" and text[at + 1] not in " ":
        at += 1
    return scalar(text[begin:at]), at
