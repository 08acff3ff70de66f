"""Draw a promotion's body as a forge shows it: `python docs/make_pictures.py BODY.md OUT.png`.

Needs Chromium and markdown-it-py (a dependency of rich). The machine header on
the body's first line gives the title; the body is ours, so its HTML is kept.
"""  # noqa: INP001 - a script, not a package

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from html import escape
from pathlib import Path
from string import Template

from markdown_it import MarkdownIt

from mlgitops.model.promotion import parse_header

_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--force-device-scale-factor=2",
)
_PAGE = Template(Path(__file__).with_name("pull_request.html").read_text())


def main() -> None:
    """Write the picture; the page is as wide as a pull request."""
    parser = argparse.ArgumentParser(description="Draw a promotion's body as a forge shows it.")
    parser.add_argument("body", type=Path, metavar="BODY.md")
    parser.add_argument("out", type=Path, metavar="OUT.png")
    parser.add_argument("--title", help="default: made of the body's header")
    parser.add_argument("--width", type=int, default=1060)
    parser.add_argument("--height", type=int, default=1280, help="what is below is cut off")
    parser.add_argument("--dark", action="store_true")
    arguments = parser.parse_args()
    text = arguments.body.read_text()
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "body.html"
        source.write_text(page(text, title=arguments.title, is_dark=arguments.dark))
        photograph(source, arguments.out.resolve(), arguments.width, arguments.height)
    sys.stdout.write(f"{arguments.out}\n")


def page(text: str, *, title: str | None, is_dark: bool) -> str:
    """The body *text* in a page that looks like a pull request."""
    header = parse_header(text) or {}
    environment, model = header.get("environment", "?"), header.get("model", "?")
    candidate = str(header.get("candidate", "?")).removeprefix("sha256:")[:12]
    markdown = MarkdownIt("commonmark", {"html": True, "breaks": True}).enable("table")
    return _PAGE.substitute(
        title=escape(title or f"promote({model}→{environment}): {candidate}"),
        branch=escape(f"mlgitops/promote/{environment}/{model}/{candidate}"),
        theme="dark" if is_dark else "light",
        body=markdown.render(text),
    )


def photograph(source: Path, out: Path, width: int, height: int) -> None:
    """Let a browser without network, extensions or profile draw *source* into *out*."""
    browser = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if browser is None:
        sys.exit(f"none of {', '.join(_BROWSERS)} is installed")
    with tempfile.TemporaryDirectory() as profile:
        places = (f"--user-data-dir={profile}", f"--window-size={width},{height}")
        command = [browser, *_FLAGS, *places, f"--screenshot={out}", source.as_uri()]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    if done.returncode or not out.exists():
        sys.exit(f"{' '.join(command)}\n{done.stderr}")


if __name__ == "__main__":
    main()
