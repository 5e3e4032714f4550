"""The manual pages: well formed, and naming all that the program's own help shows."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from runner import ROOT

PAGES = sorted((ROOT / "man").glob("*.[1-8]"))


@pytest.mark.skipif(not shutil.which("mandoc"), reason="mandoc is not here")
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_is_well_formed(page):
    done = subprocess.run(["mandoc", "-T", "lint", page], capture_output=True, text=True)
    # What else is installed is no matter of the page.
    elsewhere = re.compile("referenced manual not found|outdated mandoc.db|lacks .* entry")
    assert [line for line in done.stdout.splitlines() if not elsewhere.search(line)] == []


def words(page: Path) -> str:
    """The page without its markup: options as they are typed."""
    text = page.read_text()
    text = re.sub(r"(?m)^\.\\\".*$", "", text)
    return re.sub(r"\bFl -(?=\w)", "--", text)


def commands(tandem, path: tuple[str, ...] = ()) -> dict[tuple[str, ...], str]:
    """The help of a command and of all below it."""
    text = tandem.ok(*path, "--help").decode()
    below = text.partition("SUBCOMMANDS:\n")[2]
    found = {path: text}
    for name in re.findall(r"(?m)^  ([a-z][\w-]*)", below):
        found |= commands(tandem, (*path, name))
    return found


def test_the_page_names_every_command_and_option(tandem):
    page = words(ROOT / "man/tandem.1")
    helps = commands(tandem)
    assert ("embed",) in helps and ("models", "pull") in helps
    for path, text in helps.items():
        for name in path:
            assert re.search(rf"\b{re.escape(name)}\b", page), f"{' '.join(path)} is not in tandem.1"
        for option in set(re.findall(r"(?m)^  (?:-\w, )?(--[a-z][\w-]*)", text)):
            assert re.search(rf"(?<![\w-]){option}(?![\w-])", page), f"{' '.join(path)} {option} is not in tandem.1"


def test_the_page_names_no_option_that_is_not_there(tandem):
    helps = "\n".join(commands(tandem).values()) + " --generate-completion-script"
    for option in set(re.findall(r"(?<![\w-])--[a-z][\w-]*", words(ROOT / "man/tandem.1"))):
        assert re.search(rf"{option}(?![\w-])", helps), f"tandem.1 tells of {option}"
