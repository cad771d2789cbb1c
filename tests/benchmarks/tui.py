"""The dashboard in a real pseudo-terminal, on ledgers of a thousand, a hundred thousand and a million events.

``--cache FOLDER`` keeps the ledgers that ``make-ledger`` writes from one run to the next: a million events take some
minutes to write. ``--sizes 1000,100000`` chooses others. ``--peers FOLDER`` paints harlequin on the same file beside, from an
environment of its own in that folder. The absolute figures stand beside each ratio.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pyte

from app.tui.screens.lineage.draw import layout
from tests.benchmarks import harness, lifelike, peer
from tests.benchmarks.startup import ASSAY, MINIMAL, Stage
from tests.benchmarks.tui_terminal import Mask, Terminal, cursor, everything

SIZES = (1_000, 100_000, 1_000_000)
SMALL = 10_000
"""Rows that a list of common size has: of the other framework's table, and of the log that the large one is held against."""
KEY_SECONDS = 0.050
MOVE_SECONDS = 0.100
LAYOUT_SECONDS = 0.005
NODES = 60
PAGES = 30
"""Pages that are scrolled in a round."""

HARLEQUIN = "harlequin==2.17.0"
"""Another dashboard over a SQLite file, built with the same toolkit."""

TABLE = f"""
from textual.app import App
from textual.widgets import DataTable

class Table(App):
    def compose(self):
        yield DataTable(cursor_type="row")

    def on_mount(self):
        table = self.query_one(DataTable)
        table.add_columns("seq", "at", "type", "sentence")
        for n in range({SMALL}):
            table.add_row(str(n), "2026-01-02 03:04", "monitor.observed", f"svc:monitor observed value {{n}} of rv1")
        table.focus()

Table().run()
"""
"""The toolkit's own table with as many rows as it is commonly given."""

COUNTER = """
from textual.app import App
from textual.widgets import Footer, Header, Static

class Counter(App):
    BINDINGS = [("k", "count", "Count")]
    counted = 0

    def compose(self):
        yield Header()
        yield Static("0")
        yield Footer()

    def action_count(self):
        self.counted += 1
        self.query_one(Static).update(str(self.counted))

Counter().run()
"""
"""The least that answers a key."""

SCREENS = {
    "1": "Overview", "2": "Maturity", "3": "Lineage", "4": "Registry", "5": "Approvals", "6": "Rollouts",
    "7": "Monitoring", "8": "Risks", "9": "Audit",
}  # fmt: skip
MOVES = "{{}[[]{}[]"
"""A round of moving the playhead: days and events, on and back."""


def p95(values: Sequence[float]) -> float:
    """The value that one in twenty is above."""
    return statistics.quantiles(values, n=20, method="inclusive")[18] if len(values) > 1 else values[0]


def spread(values: Sequence[float]) -> str:
    """The median and the 95th percentile in words."""
    return f"median {harness.seconds(statistics.median(values))}, p95 {harness.seconds(p95(values))}"


def limited(what: str, values: Sequence[float], limit: float, workload: str, *notes: str) -> harness.Figure:
    """A figure whose bar is an absolute time: the 95th percentile over it."""
    return harness.Figure(
        f"{what}: p95 ÷ {harness.seconds(limit)}",
        harness.Sample((p95(values) / limit,)),
        spread(values),
        f"{workload}; {len(values)} times",
        1.0,
        notes=notes,
    )


class Subject:
    """One ledger, and the dashboard upon it."""

    def __init__(self, stage: Stage, path: Path, events: int) -> None:
        self.stage = stage
        self.path = path
        self.events = events
        self.words = (ASSAY, "--ledger", str(path), "--as", "jon")
        self.named = f"a lifelike ledger of {events:,} events"

    def open(self, key: str = "1") -> Terminal:
        """The dashboard in a terminal, with a screen in view and nothing left to draw."""
        shown = Terminal(self.words, self.stage)
        shown.says(lifelike.ORIGIN)
        shown.settle(0.7)
        if key != "1":
            shown.press(key)
            shown.settle(0.7)
        return shown


def painting(subject: Subject, rounds: int, beside: str | None) -> Iterator[harness.Figure]:
    """The first full frame, and the first with data in it, over a minimal application's; and another dashboard's over the
    same file."""
    works = {
        "minimal": subject.stage.paint(sys.executable, "-c", MINIMAL),
        "frame": subject.stage.paint(*subject.words),
        "data": subject.stage.paint(*subject.words, until=lifelike.ORIGIN),
    }
    if beside is not None:
        words = (beside, "--adapter", "sqlite", "--read-only", str(subject.path))
        works["beside"] = subject.stage.paint(*words, until="Data Catalog")
    measured = harness.alternate(works, rounds=rounds)
    minimal = measured.pop("minimal")
    notes = () if beside else ("published figures of the same ratio: harlequin 4.3, posting 7.9",)
    rows = {"frame": ("first paint", 1.6), "data": ("first data", None), "beside": (f"{HARLEQUIN}: first paint", None)}
    for name, sample in measured.items():
        what, bar = rows[name]
        yield harness.Figure(
            f"{what} ÷ a minimal Textual app",
            sample.over(minimal),
            harness.against(sample, minimal),
            subject.named,
            bar,
            notes=notes if bar else (),
        )


def scrolling(subject: Subject, rounds: int) -> Iterator[harness.Figure]:
    """The processor's time for a page in the log, over one in the toolkit's table."""

    def pages(shown: Terminal, key: str) -> harness.Measurement:
        def work() -> float:
            began = shown.seconds()
            for _ in range(PAGES):
                shown.press(key)
                shown.settle(0.06)
            return (shown.seconds() - began) / PAGES

        return work

    with subject.open("9") as log, Terminal((sys.executable, "-c", TABLE), subject.stage) as table:
        table.says("monitor.observed")
        table.settle()
        measured = harness.alternate({"log": pages(log, "\x1b[5~"), "table": pages(table, "\x1b[6~")}, rounds=rounds)
    yield harness.Figure(
        f"CPU of a page in the log ÷ DataTable at {SMALL:,} rows",
        measured["log"].over(measured["table"]),
        harness.against(measured["log"], measured["table"]),
        f"{subject.named}, page up; {PAGES} pages a round",
        0.25,
    )


def mounting(subject: Subject, small: Subject, rounds: int) -> Iterator[harness.Figure]:
    """The log from the key until its newest event stands beside it, over the same of a small ledger; and memory."""
    held: list[tuple[float, float]] = []

    def mount(of: Subject) -> harness.Measurement:
        def work() -> float:
            with of.open() as shown:
                began = shown.press("9")
                took = shown.says(f"Event {of.events - 1:,}") - began
                shown.settle(0.7)
                if of is subject:
                    held.append((shown.megabytes(), shown.beside()))
                return took

        return work

    def minimal() -> float:
        with Terminal((sys.executable, "-c", MINIMAL), subject.stage) as shown:
            shown.says("hello")
            shown.settle(0.7)
            return shown.megabytes()

    measured = harness.alternate({"large": mount(subject), "small": mount(small)}, rounds=rounds)
    yield harness.Figure(
        f"mount of the log ÷ at {small.events:,} events",
        measured["large"].over(measured["small"]),
        harness.against(measured["large"], measured["small"]),
        f"{subject.named}, from the key until the newest event is shown whole",
        1.2,
    )
    least = harness.Sample(tuple(minimal() for _ in held[-rounds:]))
    mine = harness.Sample(tuple(own for own, _ in held[-rounds:]))
    beside = max(others for _, others in held)
    yield harness.Figure(
        "memory with the log open ÷ a minimal Textual app",
        mine.over(least),
        harness.against(mine, least, lambda value: f"{value:.0f} MB"),
        f"{subject.named}, resident, the dashboard's own process",
        2.0,
        notes=(f"the process that judges maturity beside it, until it ends: {beside:.0f} MB at most",),
    )


def answering(subject: Subject, keys: int) -> Iterator[harness.Figure]:
    """Keys to their frames while the chain is verified, and while time is played, beside a minimal application's."""
    with Terminal((sys.executable, "-c", COUNTER), subject.stage) as counter:
        counter.says("Count")
        counter.settle()
        beside = [counter.latency("k", lambda screen: screen.display[1:3]) for _ in range(keys)]
    told = f"a minimal app's key to its frame: {spread(beside)}"
    verifying: list[float] = []
    while len(verifying) < keys:
        with subject.open("9") as shown:
            shown.press("v")
            shown.says("Hash")
            while len(verifying) < keys and not any("verified at" in line and "intact" in line for line in shown.lines):
                verifying.append(shown.latency("k", cursor))
                if any("intact:" in line for line in shown.lines):
                    break
    yield limited(
        "a key while the chain is verified", verifying, KEY_SECONDS, f"{subject.named}, the log's cursor", told
    )
    with subject.open("1") as shown:
        shown.press("T")
        shown.says("Go to")
        shown.press(f"{subject.events // 10}\r")
        shown.settle(1.0)
        shown.press("P")
        playing = [shown.latency(key, helping) for _ in range(keys // 2) for key in "??"]
    yield limited(
        "a key while time is played", playing, KEY_SECONDS, f"{subject.named}, the help opened and closed", told
    )


def helping(screen: pyte.Screen) -> object:
    """Whether the help stands over the screen."""
    return any("Help: " in line for line in screen.display)


def moving(subject: Subject, times: int, screens: str) -> Iterator[harness.Figure]:
    """From moving the playhead until the screen shows the moment."""
    for key in screens:
        with subject.open(key) as shown:
            shown.press("T")
            shown.says("Go to")
            shown.press(f"{subject.events * 9 // 10}\r")
            shown.settle(3.0)
            if key == "2":
                shown.until(lambda lines: not any("pending" in line for line in lines))
            took = [shown.finished(MOVES[n % len(MOVES)], 0.8, _masks().get(key, everything)) for n in range(times)]
        said = _MASKED.get(key, "the whole screen")
        found = [each for each in took if each] or [0.0]
        yield limited(f"moving the playhead, {SCREENS[key]}", found, MOVE_SECONDS, f"{subject.named}, {said}")


_MASKED = {
    "1": "what needs a look, header and ruler; the guide is marked pending",
    "2": "the project in view, header and ruler; the others are marked pending",
}
"""What is looked at on screens where some of it may come later."""


def _masks() -> dict[str, Mask]:
    return {"1": _matters, "2": _in_view}


def _matters(lines: Sequence[str]) -> object:
    # Above stands what the guide says, too, which is marked pending.
    first = next((y for y, line in enumerate(lines) if "What needs a look" in line), 2)
    return (lines[0], tuple(line[:60] for line in lines[first:-2]), lines[-2])


def _in_view(lines: Sequence[str]) -> object:
    # The cursor stands on the first project, whose row follows the heading.
    heading = next((y for y, line in enumerate(lines) if "26 weeks" in line), 0)
    return (lines[0], lines[heading + 1][:60], lines[-2])


def laying_out(rounds: int) -> harness.Figure:
    """A graph of so many nodes into its columns and rows, the places of the frame before known."""
    chance = random.Random(7)
    nodes = [f"node-{n}" for n in range(NODES)]
    edges = [(nodes[chance.randrange(max(n - 12, 0), n)], nodes[n]) for n in range(1, NODES) for _ in range(2)]
    before = layout.place(nodes, edges).slots
    took = []
    for n in range(rounds * 20):
        began = time.perf_counter()
        layout.place(nodes, edges, before if n % 2 else None)
        took.append(time.perf_counter() - began)
    return harness.Figure(
        f"layout of {NODES} nodes ÷ {harness.seconds(LAYOUT_SECONDS)}",
        harness.Sample(tuple(each / LAYOUT_SECONDS for each in took)),
        spread(took),
        f"{len(edges)} edges, every other time with the frame before",
        1.0,
    )


def ledgers(cache: Path, stage: Stage, sizes: Sequence[int]) -> dict[int, Subject]:
    """The ledgers, made where they are not there yet."""
    found = {}
    for size in sizes:
        path = cache / f"lifelike-{size}" / "ledger.db"
        if not path.is_file():
            print(f"a lifelike ledger of {size:,} events is made first", file=sys.stderr)
            path.parent.mkdir(parents=True, exist_ok=True)
            lifelike.write(path, size)
        found[size] = Subject(stage, path, size)
    return found


def measured(
    subject: Subject, small: Subject, options: argparse.Namespace, beside: str | None
) -> Iterator[harness.Figure]:
    """What was asked for of one ledger."""
    parts: dict[str, Callable[[], Iterator[harness.Figure]]] = {
        "paint": lambda: painting(subject, options.rounds, beside),
        "scroll": lambda: scrolling(subject, options.rounds),
        "mount": lambda: mounting(subject, small, options.rounds),
        "keys": lambda: answering(subject, options.keys),
        "move": lambda: moving(subject, options.moves, options.screens),
    }
    for name in options.only.split(",") if options.only else parts:
        if name in parts:
            yield from parts[name]()


def main(argv: Sequence[str]) -> int:
    """Measure and print; returns 1 where a bar was missed."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks tui", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="rounds of each measurement (default: 5)")
    parser.add_argument("--keys", type=int, default=60, help="keys pressed while work is under way (default: 60)")
    parser.add_argument("--moves", type=int, default=30, help="moves of the playhead on each screen (default: 30)")
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)), help="events of each ledger, by commas")
    parser.add_argument("--screens", default="123456789", help="screens on which the playhead is moved")
    parser.add_argument("--only", default="", help="some of paint,scroll,mount,keys,move,layout")
    parser.add_argument("--peers", type=Path, help=f"paint {HARLEQUIN} beside; its environment is kept in this folder")
    parser.add_argument("--cache", type=Path, help="a folder for the ledgers, kept; else they are made anew")
    options = parser.parse_known_args(argv)[0]
    sizes = [int(each) for each in options.sizes.split(",")]
    code = 0
    beside = None
    if options.peers:
        beside = str(peer.environment(options.peers.absolute() / "harlequin", (HARLEQUIN,)).with_name("harlequin"))
    with tempfile.TemporaryDirectory(prefix="assay-tui-") as folder:
        stage = Stage(Path(folder))
        found = ledgers(options.cache or Path(folder), stage, [SMALL, *sizes])
        if not options.only or "layout" in options.only:
            code = harness.report("dashboard, drawing alone", [laying_out(options.rounds)])
        for size in sizes:
            figures = measured(found[size], found[SMALL], options, beside)
            code = max(code, harness.report(f"dashboard, {size:,} events", figures))
    return code
