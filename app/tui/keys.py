"""Keys as data: what each does here, in a word for the footer and a sentence for the help."""

from __future__ import annotations

from typing import NamedTuple

from textual.binding import Binding


class Key(NamedTuple):
    """One binding. ``keys`` are Textual's names, several by commas; ``says`` is the footer's word (empty: not in the
    footer), ``shown`` what the footer and the help call the keys."""

    keys: str
    action: str
    help: str
    says: str = ""
    shown: str = ""

    def binding(self, screen: str = "everywhere") -> Binding:
        """The same for the toolkit, under the name by which the user may set other keys."""
        return Binding(self.keys, self.action, self.help, show=False, id=named(screen, self.action))

    @property
    def label(self) -> str:
        """The keys as people read them."""
        return self.shown or read(self.keys)

    def spelled(self, in_words: bool, instead: str = "") -> str:
        """The keys as people read them; signs that only Unicode has as words, where asked; ``instead`` are set keys."""
        label = read(instead) if instead else self.label
        return label.replace("⏎", "enter").replace("⌫", "bksp") if in_words else label


def named(screen: str, action: str) -> str:
    """What a key is set by: ``audit.verify``, ``everywhere.step(-1)``."""
    return f"{screen.lower()}.{action}"


def read(keys: str) -> str:
    """Textual's names of keys as people read them."""
    return " ".join(_NAMES.get(key.strip(), key.strip()) for key in keys.split(","))


def doing(name: str, says: str = "") -> Key:
    """The key of one of the command line's actions, as the registry has it; it opens the action's form."""
    from app.actions import registry

    action = registry.get(name)
    return Key(action.key, f"do({name!r})", action.summary, says)


_NAMES = {
    "left": "←", "right": "→", "up": "↑", "down": "↓", "enter": "⏎", "backspace": "⌫", "question_mark": "?",
    "slash": "/", "plus": "+", "minus": "-", "left_square_bracket": "[", "right_square_bracket": "]",
    "left_curly_bracket": "{", "right_curly_bracket": "}", "escape": "esc", "ctrl+p": "^p", "space": "space",
    "less_than_sign": "<", "greater_than_sign": ">", "equals_sign": "=", "pageup": "pgup", "pagedown": "pgdn",
}  # fmt: skip

MOVING = (
    Key("j,down", "down", "one line down", "move", "j k"),
    Key("k,up", "up", "one line up"),
    Key("pagedown,ctrl+d", "page_down", "one page down"),
    Key("pageup,ctrl+u", "page_up", "one page up"),
    Key("home,0", "top", "to the first line"),
    Key("end,G", "bottom", "to the last line"),
)
"""What every list understands."""

EVERYWHERE = (
    Key("left_square_bracket", "step(-1)", "one event back in time", "event", "[ ]"),
    Key("right_square_bracket", "step(1)", "one event on"),
    Key("left_curly_bracket", "day(-1)", "one day back in time", "day", "{ }"),
    Key("right_curly_bracket", "day(1)", "one day on"),
    Key("less_than_sign", "since", "mark this moment: from now on, what changed after it is shown", "diff", "< >"),
    Key("greater_than_sign", "until", "compare the marked moment with this one; before any mark, this one with now"),
    Key("T", "goto", "go to a time, or to an event by its number", "time"),
    Key("L", "live", "return to live", "live"),
    Key("P", "play", "play on, day by day; again stops"),
    Key("slash", "find", "find a version, run, deployment, request, alert or monitor", "find"),
    Key("g", "jump", "the same thing on another screen: g, then its letter", "go"),
    Key("f", "filter", "show only what fits a filter; an empty one shows all", "filter"),
    Key("y", "copy", "copy the reference under the cursor"),
    Key("x", "export", "export what is shown: text, picture, and what else the screen can"),
    Key("u", "take_back", "take back a signed decision that is not appended yet"),
    Key("escape", "leave", "leave: close what is open, end a comparison, show all again"),
    Key("backspace", "return", "back to the screen you came from; on screens that hold places, to the place before"),
    Key("ctrl+p", "command_palette", "every action", "all"),
    Key("question_mark", "help", "this help", "help"),
    Key("q", "leave_dashboard", "quit; asks where a signed decision waits"),
)
"""What works on every screen; the screens' own numbers come from the catalogue."""
