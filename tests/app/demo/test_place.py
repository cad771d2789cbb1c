"""Where a demo may be built: an empty folder, or its own; anything else is left as it is, with one line that says why."""

from __future__ import annotations

import fcntl
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from app.demo import setting, story
from tests.app.demo import tellings
from tests.app.demo.tellings import Whole
from tests.app.story import Said, Shell

ROOT = Path(__file__).parents[3]


def one_line(said: Said | subprocess.CompletedProcess[str], *parts: str, code: int = 2) -> None:
    """An error: its code, nothing on standard output, one line on standard error that holds the parts."""
    got, out, err = (
        (said.code, said.out, said.err) if isinstance(said, Said) else (said.returncode, said.stdout, said.stderr)
    )
    assert (got, out) == (code, ""), (got, out, err)
    assert err.startswith("assay: ")
    assert err.count("\n") == 1
    for part in parts:
        assert part in err


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_foreign_folder_is_refused_and_not_touched(empty: Shell) -> None:
    folder = empty.root / "mine"
    (folder / "sub").mkdir(parents=True)
    (folder / "notes.txt").write_text("mine")
    before = content(folder)
    one_line(empty("demo", "mine", "--no-tui", "--quick"), "mine is not empty and no demo", "nothing here is touched")
    assert content(folder) == before
    assert sorted(each.name for each in folder.iterdir()) == ["notes.txt", "sub"]


def test_a_workspace_that_is_no_demo_is_refused(shell: Shell) -> None:
    before = shell.bytes()
    one_line(shell("demo", ".", "--no-tui"), "is not empty and no demo")
    assert shell.bytes() == before


def test_a_file_is_refused(empty: Shell) -> None:
    (empty.root / "mine").write_text("mine")
    one_line(empty("demo", "mine", "--no-tui"), "mine is a file; name a folder")
    assert (empty.root / "mine").read_text() == "mine"


def test_a_telling_cut_off_at_its_first_step_is_gone_on_with(tmp_path: Path) -> None:
    """All that there is by then is a folder in a folder."""
    (tmp_path / "demo" / ".assay").mkdir(parents=True)
    with setting.laid_out(tmp_path / "demo"):
        assert setting.is_demo(tmp_path / "demo")
        assert (tmp_path / "demo" / "assay.toml").is_file()


def test_two_tellings_at_once_are_refused(tmp_path: Path, empty: Shell) -> None:
    with setting.laid_out(tmp_path / "demo"):
        one_line(empty("demo", str(tmp_path / "demo"), "--no-tui"), "another `assay demo` is at work")


def test_what_a_killed_telling_left_half_written_is_removed(tmp_path: Path) -> None:
    root = tmp_path / "demo"
    with setting.laid_out(root):
        pass
    halves = [root / ".assay" / "ledger.db.1.new", root / ".assay" / "ledger.db.1.new-wal"]
    halves += [root / ".assay" / "demo-keys" / "people" / "ada.pem.1.new", root / "src" / "fxvol" / "model.py.new"]
    for half in halves:
        half.parent.mkdir(exist_ok=True)
        half.write_text("half")
    (root / "src" / "fxvol" / "model.py").unlink()
    with setting.laid_out(root):
        assert not [half for half in halves if half.exists()]
        assert (root / "src" / "fxvol" / "model.py").read_text() != "half"


def test_a_finished_demo_is_opened_as_it_is(demo: Shell) -> None:
    before = demo.bytes()
    for words in ((), ("--quick",)):
        said = demo.ok("demo", ".", "--no-tui", *words)
        assert said.out.startswith("✓ ready  the demo in . was told to its end")
        assert "assay approve" in said.out
        assert said.err == ""
    assert demo.bytes() == before
    number = demo.json("approvals")["requests"][0]["seq"]
    demo.ok("approve", str(number), "--reason", "read", "--yes")
    assert "assay approve" not in demo.ok("demo", ".", "--no-tui").out


def test_a_finished_story_is_verified_and_signed(whole: Whole, tmp_path: Path) -> None:
    assert story.finished(whole.root)
    assert not story.finished(tmp_path)
    with setting.laid_out(tmp_path / "demo"):
        assert not story.finished(tmp_path / "demo")


@pytest.mark.slow
def test_in_an_ignored_folder_of_a_clone_it_is_the_same_story(tmp_path: Path, whole: Whole) -> None:
    """As the README has it: ./assay-demo inside the clone. And so two tellings come to the same artifacts."""
    if shutil.which("git") is None:
        pytest.skip("there is no git")
    clone = tmp_path / "clone"
    clone.mkdir()
    who = ("-c", "user.name=x", "-c", "user.email=x@example.com")
    (clone / ".gitignore").write_text("assay-demo/\n")
    for words in (("init", "-q"), ("add", "."), (*who, "commit", "-q", "-m", "x")):
        subprocess.run(["git", *words], cwd=clone, check=True)
    done = tellings.tell(clone / "assay-demo")
    assert done.returncode == 0, done.stderr
    assert tellings.story(clone / "assay-demo") == tellings.story(whole.root)
    started = [each["value"] for each in tellings.recorded(clone / "assay-demo") if each["type"] == "run.started"]
    assert not [each for each in started if each.get("commit") or each.get("dirty")]
    said = subprocess.run(["git", "status", "--porcelain"], cwd=clone, capture_output=True, text=True, check=True)
    assert said.stdout == ""


def test_runs_record_the_code_and_nothing_else_of_the_workspace(whole: Whole) -> None:
    import ledger

    with ledger.open(whole.root / ".assay" / "ledger.db", read_only=True) as book:
        codes = {each["value"]["code"] for each in tellings.recorded(whole.root) if each["type"] == "run.started"}
        (code,) = codes
        names = [each.name for each in book.objects.entries(code)]
    assert names
    assert all(name.startswith("fxvol/") and name.endswith(".py") for name in names)


# Disks


def confined(folder: Path, size: str, script: str) -> subprocess.CompletedProcess[str]:
    """Run a shell script that finds ``$ASSAY`` and a file system of its own, of a few bytes, at ``folder``."""
    assay = f"{shlex.quote(sys.executable)} -P -m app.cli"
    mount = f"mount -t tmpfs -o size={size} none {shlex.quote(str(folder))}"
    found = (
        subprocess.run(["unshare", "-rm", "true"], capture_output=True, check=False)
        if shutil.which("unshare")
        else None
    )
    if found is None or found.returncode:
        pytest.skip("this system lends nobody a file system of their own")
    return subprocess.run(
        [
            "unshare",
            "-rm",
            "sh",
            "-c",
            f"{mount} && cd {shlex.quote(str(folder))} && {script.replace('$ASSAY', assay)}",
        ],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
        timeout=120,
    )


@pytest.mark.parametrize("size", ["100k", "800k", "1100k", "2m"])
def test_a_full_disk_is_one_line(tmp_path: Path, size: str) -> None:
    said = confined(tmp_path, size, "$ASSAY demo demo --no-tui --quick")
    assert said.returncode == 2
    last = said.stderr.splitlines()[-1]
    assert last.startswith("assay: ")
    assert "full" in last
    assert str(tmp_path) in last
    assert "Traceback" not in said.stderr


@pytest.mark.slow
def test_after_a_full_disk_the_story_goes_on(tmp_path: Path) -> None:
    script = (
        "$ASSAY demo demo --no-tui --quick; mount -o remount,size=100m . && $ASSAY demo demo --no-tui --quick --json"
    )
    said = confined(tmp_path, "3m", script)
    assert said.returncode == 0, said.stderr
    assert '"ok": true' in said.stdout
    assert said.stderr.count("assay: ") == 1


def test_a_read_only_disk_is_one_line(tmp_path: Path) -> None:
    said = confined(tmp_path, "1m", "mount -o remount,ro . && $ASSAY demo demo --no-tui --quick")
    one_line(said, "read-only", "demo")


def test_another_users_folder_is_one_line(tmp_path: Path, empty: Shell) -> None:
    if os.geteuid() == 0:
        pytest.skip("this user may write everywhere")
    (tmp_path / "closed").mkdir(mode=0o555)
    one_line(empty("demo", str(tmp_path / "closed" / "demo"), "--no-tui"), "permissions")


def test_the_lock_is_gone_with_its_holder(tmp_path: Path) -> None:
    with setting.laid_out(tmp_path / "demo"):
        pass
    handle = os.open(tmp_path / "demo" / ".assay" / "demo-keys", os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.close(handle)
