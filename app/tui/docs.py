"""The reference of keys, written from the screens: ``python -m app.tui.docs > docs/keys.md``."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from app.tui.keys import EVERYWHERE, MOVING, Key, named
from app.tui.preferences import SETTINGS
from app.tui.screens.catalogue import CATALOGUE

HEAD = f"""\
# Keys

Written by `python -m app.tui.docs`; a test holds it current. In the dashboard `?` says the same for the screen in view, and
`^p` finds every action by its words.

Other keys are set in `{SETTINGS}` in the user's configuration folder (on Linux `~/.config/assay/`), by the names in the last
column; a theme too, ours (`assay-dark`, `assay-light`) or any of Textual's:

```toml
theme = "nord"
ascii = true

[keys]
"audit.verify" = "ctrl+v"
```

`ascii = true` draws with nothing but ASCII. Without it the environment decides: `LC_ALL`, `LC_CTYPE` or `LANG`, the first that
is set; `C`, `POSIX` and charsets other than UTF-8 give ASCII.

`g` and a screen's letter show what the cursor stands on there; its number opens the screen as it was left.
"""


def reference() -> str:
    """The whole page, in Markdown."""
    parts = [HEAD, "## Screens\n", "| key | after `g` | screen | what it answers |\n|---|---|---|---|"]
    parts += [f"| `{each.key}` | `{each.letter}` | {each.name} | {each.answers} |" for each in CATALOGUE]
    parts += ["\n## Everywhere\n", *_table("everywhere", EVERYWHERE), "\n## In every list\n", *_table("", MOVING)]
    for entry in CATALOGUE:
        parts += [f"\n## {entry.key} {entry.name}\n", *_table(entry.name, type(entry.make()).KEYS)]
    return "\n".join(parts) + "\n"


def _table(screen: str, keys: Iterable[Key]) -> list[str]:
    head = ["| key | what it does | set by |", "|---|---|---|"] if screen else ["| key | what it does |", "|---|---|"]
    rows = []
    for key in keys:
        pressed = " ".join(f"`{name}`" for name in key.label.split(" "))
        name = f" `{named(screen, key.action)}` |" if screen else ""
        rows.append(f"| {pressed} | {key.help} |{name}")
    return [*head, *rows]


if __name__ == "__main__":
    sys.stdout.write(reference())
