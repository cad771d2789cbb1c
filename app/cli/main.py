"""The command line: from words to an action, from its answer to words.

Imports stay small here: a command pays for what it uses and no more.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from app.cli import arguments, words
from app.cli.interrupts import heeded

if TYPE_CHECKING:
    from app.actions.context import Context

INTERRUPTED = 130
"""What a shell expects of a program that Ctrl-C ended."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. Returns the exit code: 0 done or intact, 1 a finding or a refusal, 2 a usage or input error."""
    if "_ARGCOMPLETE" in os.environ:
        from app.cli.completion import complete

        complete()
        return 0
    given = list(sys.argv[1:] if argv is None else argv)
    _open_streams()
    try:
        with heeded():
            return _run(given)
    except KeyboardInterrupt:
        words.complain("interrupted")
        return INTERRUPTED
    except BrokenPipeError:
        _discard_output()
        return 0
    except Exception as error:
        return _fail(error, as_json="--json" in given)


def _open_streams() -> None:
    """Give a command that was started without input, output or errors (``>&-``) ones that lead nowhere.

    Otherwise the next file that is opened would get their number, and whoever writes to standard error would write into it.
    """
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        if getattr(sys, name) is None:
            # Those before it are open by now, so it is the lowest number that is free.
            os.dup2(os.open(os.devnull, os.O_RDWR), number)
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115


def _run(given: Sequence[str]) -> int:
    _require_text(given)
    invocation = arguments.understand(given)
    if invocation.version or invocation.help:
        _explain(invocation)
        return 0
    with _folder(invocation.options.start):
        return _start(invocation) if invocation.action is None else _act(invocation)


def _act(invocation: arguments.Invocation) -> int:
    from app.actions.context import Context

    action, options = invocation.action, invocation.options
    assert action is not None
    progress = words.Progress(quiet=options.plain)
    context = Context(
        ledger=options.ledger,
        actor=options.actor,
        at=options.at,
        writes=action.writes,
        progress=progress,
        narrate=progress.above,
    )
    try:
        with context:
            answer = action.load()(context, **invocation.arguments)
    except Exception as error:
        progress.close()
        _sign_off(context)
        return _fail(error, as_json=options.json, context=context)
    finally:
        progress.close()
    try:
        words.show(answer, as_json=options.json, plain=options.plain)
    except BrokenPipeError:
        _discard_output()
    code = max(answer.code, _sign_off(context))
    if answer.opens is not None and _is_drawn(options):
        from app.tui import run

        return max(code, run(actor=options.actor, start=answer.opens))
    return code


def _sign_off(context: Context) -> int:
    """Say where the head of what was recorded could not be signed; returns 2 where that is more than a missing key."""
    error = context.unsigned
    if error is None:
        return 0
    from app.cli.failures import failure
    from ledger.errors import KeyUnavailable

    if isinstance(error, KeyUnavailable):
        words.note(f"recorded; the head is not signed yet: {error}")
        return 0
    found = failure(error, context.ledger_path_or_none)
    words.complain(f"recorded, but the head was not signed: {found.message}")
    return found.code


def _start(invocation: arguments.Invocation) -> int:
    """No command: the dashboard in a terminal, else the overview."""
    from app.actions import registry

    options = invocation.options
    if _is_drawn(options):
        from app.tui import run

        return run(ledger=options.ledger, actor=options.actor, at=options.at)
    code = _act(invocation._replace(action=registry.get("overview")))
    if not options.json:
        words.note("this is the overview: the dashboard needs a terminal. `assay --help` lists the commands")
    return code


def _is_drawn(options: arguments.Options) -> bool:
    """Whether the dashboard can open: in a terminal that draws, where nobody asked for plain text."""
    plain = options.json or options.plain or os.environ.get("TERM") == "dumb"
    return not plain and sys.stdin.isatty() and sys.stdout.isatty()


def _explain(invocation: arguments.Invocation) -> None:
    from app.cli import help as helping

    text = helping.version() if invocation.version else helping.topic(invocation.topic, paint=words.paints(sys.stdout))
    sys.stdout.write(words.spell(text, sys.stdout) + "\n")
    sys.stdout.flush()


def _fail(error: Exception, *, as_json: bool, context: Context | None = None) -> int:
    if os.environ.get("ASSAY_DEBUG"):
        import traceback

        traceback.print_exception(error)
    from app.cli.failures import failure

    found = failure(error, context.ledger_path_or_none if context else None)
    try:
        if as_json:
            sys.stdout.write(words.document(dict(found.document)) + "\n")
            sys.stdout.flush()
        words.complain(found.message, found.details)
    except BrokenPipeError:
        _discard_output()
    return found.code


def _require_text(given: Sequence[str]) -> None:
    from ledger.errors import InputError

    for word in given:
        if "\x00" in word:
            raise InputError(f"the argument {word!r} holds a zero byte")
        if not word.isascii() and not word.isprintable():
            try:
                word.encode()
            except UnicodeEncodeError:
                raise InputError(f"the argument {word!r} is not text in this terminal's encoding") from None


@contextmanager
def _folder(start: str | None) -> Iterator[None]:
    """Work as if started in the folder ``start``."""
    if start is None:
        yield
        return
    before = os.open(".", os.O_RDONLY)
    try:
        os.chdir(start)
        yield
    finally:
        os.fchdir(before)
        os.close(before)


def _discard_output() -> None:
    """The reader has gone: let nothing be written at the interpreter's end either."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
