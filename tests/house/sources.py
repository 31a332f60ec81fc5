"""The source files of the tree, and their text without comments and strings; shared by the checks in this folder."""

import os
import re

SOURCE_SUFFIXES = (".c", ".h", ".cc", ".cpp", ".hpp", ".cu", ".cuh", ".inc", ".in")
SKIPPED_FOLDERS = {"build", "out", ".git", ".cache", "__pycache__"}


def walk(root, suffixes=SOURCE_SUFFIXES, folders=None):
    """Paths relative to root, '/'-separated and sorted, of the files with these suffixes under these top folders."""
    found = []
    for directory, names, files in os.walk(root):
        names[:] = [n for n in names if n not in SKIPPED_FOLDERS]
        for name in files:
            path = os.path.relpath(os.path.join(directory, name), root).replace(os.sep, "/")
            if name.endswith(suffixes) and (folders is None or path.split("/")[0] in folders):
                found.append(path)
    return sorted(found)


def read(root, path):
    with open(os.path.join(root, path), encoding="utf-8") as file:
        return file.read()


TOKEN = re.compile(r"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\"|(?<![0-9])'(?:\\.|[^'\\\n])+'", re.DOTALL)


def blank(text, keep_strings=False):
    """The text with comments (and strings) blanked out, every line and column where it was."""

    def replace(match):
        token = match.group(0)
        if keep_strings and token[0] != "/":
            return token
        return re.sub(r"[^\n]", " ", token)

    return TOKEN.sub(replace, text)


def report(problems, what):
    """Prints the problems and returns the exit status."""
    for problem in problems:
        print(problem)
    print(f"{what}: {len(problems)} problem(s)" if problems else f"{what}: ok")
    return 1 if problems else 0
