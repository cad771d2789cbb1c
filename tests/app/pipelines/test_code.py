from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from app.pipelines import code as codes
from app.pipelines.code import capture
from ledger.errors import InputError
from ledger.store.objects import Objects

GIT = shutil.which("git")
needs_git = pytest.mark.skipif(GIT is None, reason="git is not installed")


@pytest.fixture
def objects(tmp_path: Path) -> Objects:
    return Objects(tmp_path / "objects")


def make(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=x", "-c", "user.email=x@example.com", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", *identity, *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def repository(folder: Path, files: dict[str, str]) -> str:
    make(folder, files)
    git(folder, "init", "-q")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "first")
    return git(folder, "rev-parse", "HEAD")


def listed(objects: Objects, digest: str) -> list[str]:
    return [entry.name for entry in objects.entries(digest)]


def test_outside_git_it_is_the_files(objects: Objects, tmp_path: Path) -> None:
    folder = make(
        tmp_path / "project",
        {
            "train.py": "x",
            "pkg/mod.py": "y",
            "pkg/__pycache__/mod.cpython-311.pyc": "z",
            "old.pyc": "z",
            "assay.toml": "",
            ".assay/ledger.db": "z",
            ".env": "SECRET=1",
            "venv/bin/python": "z",
            "env/pyvenv.cfg": "z",
            "env/lib/site.py": "z",
            "x.egg-info/PKG-INFO": "z",
        },
    )
    found = capture(objects, [folder])
    assert listed(objects, found.digest) == ["assay.toml", "pkg/mod.py", "train.py"]
    assert (found.commit, found.dirty, found.patch) == (None, None, None)
    assert (found.name, found.paths, found.stored.size) == ("project", (".",), 2)
    assert capture(objects, [folder]) == found
    (folder / "train.py").write_text("changed")
    assert capture(objects, [folder]).digest != found.digest


def test_several_folders_are_one_directory(objects: Objects, tmp_path: Path) -> None:
    make(tmp_path / "work", {"project/a.py": "1", "shared/lib/b.py": "2", "data/big.csv": "3"})
    found = capture(objects, [tmp_path / "work/shared/lib", tmp_path / "work/project"])
    assert listed(objects, found.digest) == ["project/a.py", "shared/lib/b.py"]
    assert (found.paths, found.name) == (("shared/lib", "project"), "lib+project")


def test_what_a_run_writes_is_no_source(objects: Objects, tmp_path: Path) -> None:
    folder = make(tmp_path / "project", {"a.py": "1", "out/model.json": "2", "report/x/y": "3"})
    assert listed(objects, capture(objects, [folder], ["out/model.json", "report"]).digest) == ["a.py"]


def test_folders_without_code_or_with_more_than_code(
    objects: Objects, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InputError, match="absent does not exist"):
        capture(objects, [tmp_path / "absent"])
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no source files"):
        capture(objects, [tmp_path / "empty"])
    folder = make(tmp_path / "project", {"a": "1", "b": "2", "c": "3"})
    monkeypatch.setattr(codes, "MAX_FILES", 2)
    with pytest.raises(InputError, match=r"holds more than code \(3 files"):
        capture(objects, [folder])
    (folder / "link").symlink_to("a")
    monkeypatch.undo()
    with pytest.raises(InputError, match="symbolic link"):
        capture(objects, [folder])


@needs_git
def test_a_clean_tree_is_its_commit(objects: Objects, tmp_path: Path) -> None:
    folder = tmp_path / "project"
    commit = repository(folder, {"train.py": "x", ".gitignore": "*.log\n", "sub/mod.py": "y"})
    make(folder, {"noise.log": "ignored", "__pycache__/x.pyc": "ignored"})
    found = capture(objects, [folder])
    assert (found.commit, found.dirty, found.patch) == (commit, False, None)
    assert listed(objects, found.digest) == [".gitignore", "sub/mod.py", "train.py"]


@needs_git
def test_the_commit_s_authors_are_known(objects: Objects, tmp_path: Path) -> None:
    folder = tmp_path / "project"
    repository(folder, {"train.py": "x"})
    assert capture(objects, [folder]).authors == ("x",)
    make(folder, {"train.py": "y"})
    written = "second\n\nCo-authored-by: Grace <grace@example.com>\nCo-authored-by: nobody\n"
    git(folder, "commit", "-qam", written, "--author", "Ada <ada.l@example.com>")
    assert capture(objects, [folder]).authors == ("ada.l", "grace")


@needs_git
@pytest.mark.parametrize("change", ["edited", "staged", "untracked", "deleted", "binary", "renamed"])
def test_a_dirty_tree_is_kept_as_a_patch_that_makes_it_again(objects: Objects, tmp_path: Path, change: str) -> None:
    folder = tmp_path / "project"
    commit = repository(folder, {"train.py": "x\n", "sub/möd.py": "y\n"})
    match change:
        case "edited":
            (folder / "train.py").write_text("changed\n")
        case "staged":
            (folder / "train.py").write_text("changed\n")
            git(folder, "add", "-A")
        case "untracked":
            (folder / "sub" / "new file.py").write_text("new\n")
        case "deleted":
            (folder / "sub" / "möd.py").unlink()
        case "binary":
            (folder / "train.py").write_bytes(bytes(range(256)))
        case _:
            (folder / "train.py").rename(folder / "fit.py")
    before = git(folder, "status", "--porcelain"), sorted(os.walk(folder / ".git"))
    found = capture(objects, [folder])
    assert (git(folder, "status", "--porcelain"), sorted(os.walk(folder / ".git"))) == before, "git is only read"
    assert (found.commit, found.dirty) == (commit, True)
    assert found.patch is not None
    again = tmp_path / "again"
    git(tmp_path, "clone", "-q", str(folder), str(again))
    (tmp_path / "patch").write_bytes(objects.read(found.patch))
    git(again, "apply", "--whitespace=nowarn", str(tmp_path / "patch"))
    assert capture(objects, [again]).digest == found.digest


@needs_git
def test_only_the_named_folder_decides(objects: Objects, tmp_path: Path) -> None:
    repository(tmp_path / "repo", {"project/train.py": "x", "docs/notes.md": "y"})
    (tmp_path / "repo/docs/notes.md").write_text("changed")
    make(tmp_path / "repo", {".assay/ledger.db": "z", "project/out.json": "made by the run"})
    found = capture(objects, [tmp_path / "repo/project"], ["out.json"])
    assert (found.dirty, found.patch, listed(objects, found.digest)) == (False, None, ["train.py"])
    (tmp_path / "repo/project/train.py").write_text("changed")
    assert capture(objects, [tmp_path / "repo/project"], ["out.json"]).dirty is True


@needs_git
def test_a_folder_that_the_tree_ignores_is_not_of_its_history(objects: Objects, tmp_path: Path) -> None:
    repository(tmp_path / "repo", {"train.py": "x", ".gitignore": "demo/\n"})
    found = capture(objects, [make(tmp_path / "repo" / "demo" / "project", {"train.py": "y"})])
    assert (found.commit, found.dirty, listed(objects, found.digest)) == (None, None, ["train.py"])


@needs_git
def test_before_the_first_commit_everything_is_new(objects: Objects, tmp_path: Path) -> None:
    folder = make(tmp_path / "project", {"train.py": "x"})
    git(folder, "init", "-q")
    found = capture(objects, [folder])
    assert (found.commit, found.dirty) == (None, True)
    assert found.patch is not None
    assert b"train.py" in objects.read(found.patch)


@needs_git
def test_a_hooks_environment_does_not_mislead(
    objects: Objects, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository(tmp_path / "other", {"other.py": "x"})
    commit = repository(tmp_path / "project", {"train.py": "x"})
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "other" / ".git"))
    assert capture(objects, [tmp_path / "project"]).commit == commit


@needs_git
def test_a_repository_that_git_cannot_read_is_not_taken_for_none(objects: Objects, tmp_path: Path) -> None:
    repository(tmp_path / "project", {"train.py": "x"})
    (tmp_path / "project" / ".git" / "config").write_text("[broken")
    with pytest.raises(InputError, match="git cannot read the work tree"):
        capture(objects, [tmp_path / "project"])


def test_without_git_it_is_the_files(objects: Objects, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    found = capture(objects, [make(tmp_path / "project", {"train.py": "x"})])
    assert (found.commit, found.dirty) == (None, None)
