"""The project as a whole: its two commands, its wheel, its layers, and what every file must keep to."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from functools import cache
from importlib.metadata import packages_distributions
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("ledger", "app")
MOST_BYTES = 900_000
MACHINE_PATH = re.compile(r"(?<![\w.~$}/-])/(?:root|home|work|Users|private|opt|tmp)/[\w.-]+")

# Paths that a reader is shown as examples, and one that is every machine's.
EXAMPLES = re.compile(r"/home/(?:ada|lea|jon|mia)\b|/tmp/pytest-of-")

INDIRECT = {"bcrypt": "with it cryptography opens OpenSSH keys that have a passphrase"}
"""Dependencies that another one needs for what we ask of it."""
CHOSEN = {"textual-serve": "textual-serve", "aiohttp": "textual-serve"}
"""What only an extra needs, and the extra's dependency that brings it."""


@cache
def tracked() -> tuple[Path, ...]:
    """The files that are part of the project, relative to its root."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "LC_ALL": "C"},
    )
    if listed.returncode:
        pytest.skip("this is no git checkout, so nothing says which files are the project's")
    return tuple(Path(name) for name in listed.stdout.split("\0") if name and (ROOT / name).is_file())


def modules() -> list[Path]:
    """The packages' Python modules, relative to the root."""
    return sorted(path.relative_to(ROOT) for package in PACKAGES for path in (ROOT / package).rglob("*.py"))


def tree(path: Path) -> ast.Module:
    """A module's syntax tree."""
    return ast.parse((ROOT / path).read_text(encoding="utf-8"), str(path))


def test_readme_s_test_command_is_what_ci_runs() -> None:
    """The second ``sh`` block of the README is the last line of .ci/run, to the letter."""
    blocks = re.findall(
        r"^```sh\n(.*?)^```$", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )
    assert len(blocks) >= 2
    run, test = blocks[0].strip(), blocks[1].strip()
    assert test == (ROOT / ".ci" / "run").read_text(encoding="utf-8").strip().splitlines()[-1]
    assert run.endswith("assay demo")
    assert "\n" not in run + test


def test_docs_that_are_named_are_there() -> None:
    """Every relative link in a Markdown file leads to a file."""
    broken = []
    for page in (path for path in tracked() if path.suffix == ".md"):
        text = (ROOT / page).read_text(encoding="utf-8")
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text):
            if "://" not in target and not (ROOT / page.parent / target).exists():
                broken.append(f"{page}: {target}")
    assert broken == []


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project's wheel, built from a copy that holds what git tracks and nothing else."""
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for path in tracked():
        target = source / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((ROOT / path).read_bytes())
    isolation = ["--no-build-isolation"] if find_spec("hatchling") else []
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", *isolation, "-w", str(out), str(source)]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    (made,) = out.glob("*.whl")
    return made


def test_the_wheel_holds_what_runs_need(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        held = set(archive.namelist())
    tops = {name.partition("/")[0] for name in held if not name.partition("/")[0].endswith(".dist-info")}
    assert tops == set(PACKAGES)
    homes = {"migrations": "ledger/migrations", "sample_data": "app/sample_data"}
    for path in tracked():
        top, _, rest = path.as_posix().partition("/")
        if top in PACKAGES:
            assert path.as_posix() in held
        elif top in homes:
            assert f"{homes[top]}/{rest}" in held
    assert any(name.endswith(".tcss") for name in held)


def test_the_wheel_works_outside_the_checkout(wheel: Path, tmp_path: Path) -> None:
    """A new environment, a new home, another folder; only the dependencies are borrowed from this environment."""
    venv, home, elsewhere = tmp_path / "venv", tmp_path / "home", tmp_path / "elsewhere"
    home.mkdir()
    elsewhere.mkdir()
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
    pip = [sys.executable, "-m", "pip", "--python", str(venv / "bin" / "python")]
    subprocess.run([*pip, "install", "-q", "--no-deps", "--no-index", str(wheel)], check=True)
    site = next((venv / "lib").glob("python*/site-packages"))
    _borrow_dependencies(site, tmp_path / "borrowed")
    (home / "passphrase").write_text("correct horse\n")
    environment = {
        "PATH": f"{venv / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "ASSAY_PASSPHRASE_FILE": str(home / "passphrase"),
    }

    def run(*words: str) -> str:
        said = subprocess.run(words, cwd=elsewhere, env=environment, capture_output=True, text=True, check=False)
        assert said.returncode == 0, said.stderr
        return said.stdout

    where = run("python", "-c", "import app.cli.main, ledger; print(app.cli.main.__file__, ledger.__file__)")
    assert all(Path(file).is_relative_to(site) for file in where.split())
    assert _version() in run("assay", "--version")
    run("assay", "--as", "ada", "init", "desk", "--origin", "example.com/desk")
    assert "intact" in run("assay", "verify", "desk")


def _borrow_dependencies(site: Path, borrowed: Path) -> None:
    """Let the new environment see what is installed here, but for this project and its way into the checkout."""
    borrowed.mkdir()
    for folder in (Path(entry) for entry in sys.path if entry.endswith("site-packages")):
        for installed in folder.iterdir():
            if installed.suffix != ".pth" and not installed.name.lower().startswith(
                ("assay", "_assay", "__editable__")
            ):
                target = borrowed / installed.name
                if not target.exists():
                    target.symlink_to(installed)
    (site / "borrowed.pth").write_text(f"{borrowed}\n")


def test_the_ledger_never_imports_the_app() -> None:
    wrong = [str(path) for path in modules() if path.parts[0] == "ledger" and "app" in dict(_imports(path))]
    assert wrong == []


def test_what_is_imported_is_declared_and_what_is_declared_is_used() -> None:
    """Third-party imports of the packages and the migrations against ``project.dependencies`` and the extras."""
    owners = packages_distributions()
    used: set[str] = set()
    for path in [*modules(), *(Path("migrations") / each.name for each in (ROOT / "migrations").glob("*.py"))]:
        for top, _ in _imports(path):
            if top not in sys.stdlib_module_names and top not in PACKAGES and top in owners:
                used.update(name.lower() for name in owners[top])
    assert used - CHOSEN.keys() == _declared() - INDIRECT.keys()
    chosen = {re.split(r"[<>=~! \[]", each)[0] for each in _project()["optional-dependencies"]["serve"]}  # type: ignore[call-overload]
    assert chosen == set(CHOSEN.values())


def test_every_dependency_is_accounted_for() -> None:
    """docs/dependencies.md says of each what it is for and what it costs; the benchmark measures each."""
    from tests.benchmarks.imports import MODULES

    declared = _declared()
    page = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    told = re.findall(r"^\| \[([^\]]+)\]", page[: page.index("## Not dependencies")], re.MULTILINE)
    assert {name.lower() for name in told} == declared
    assert MODULES.keys() == declared


def test_importing_the_ledger_loads_nothing_else() -> None:
    """Not even ``typing``: whoever imports the package pays when they use it."""
    code = "import sys; before = {*sys.modules}; import ledger; print(*sorted({*sys.modules} - before))"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert set(said.stdout.split()) <= {"__future__", "ledger"}


def test_verifying_loads_two_dependencies_at_most(tmp_path: Path) -> None:
    """As docs/dependencies.md says."""
    from tests.benchmarks import lifelike

    lifelike.write(tmp_path / "ledger.db", 100)
    code = (
        "import sys; from app.cli.main import main; code = main(['verify', sys.argv[1]]); "
        "print(code, *sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "ledger.db")]
    said = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    verdict, *loaded = said.stdout.splitlines()[-1].split()
    declared = _declared()
    owners = packages_distributions()
    assert verdict == "0"
    assert {owner.lower() for top in loaded for owner in owners.get(top, ())} & declared <= {"cryptography", "orjson"}


def _imports(path: Path) -> Iterator[tuple[str, int]]:
    """The top-level packages that a module imports anywhere in it, with the lines."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from ((name.name.partition(".")[0], node.lineno) for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0], node.lineno


def test_no_file_is_large_but_the_sample_data() -> None:
    large = {str(path): (ROOT / path).stat().st_size for path in tracked() if path.parts[0] != "sample_data"}
    assert {name: size for name, size in large.items() if size > MOST_BYTES} == {}


def test_no_path_of_a_machine_stands_in_a_file() -> None:
    found = []
    for path in tracked():
        if path == Path(__file__).relative_to(ROOT):
            continue
        try:
            lines = (ROOT / path).read_text(encoding="utf-8").splitlines()
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(lines, start=1):
            if MACHINE_PATH.search(EXAMPLES.sub("", line)):
                found.append(f"{path}:{number}: {line.strip()[:100]}")
    assert found == []


@pytest.mark.parametrize("path", modules(), ids=str)
def test_a_module_and_its_public_functions_say_what_they_are(path: Path) -> None:
    """A docstring for the module, for every public class and function, and for every public method not inherited."""
    module = tree(path)
    if module.body:
        assert ast.get_docstring(module), f"{path} has no docstring"
    missing = [f"{path}:{line} {name}" for name, line in _undocumented(module.body, "")]
    assert missing == []


def _undocumented(body: list[ast.stmt], within: str) -> Iterator[tuple[str, int]]:
    for node in body:
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) or node.name.startswith("_"):
            continue
        if not ast.get_docstring(node) and not _speaks_for_itself(node, within):
            yield f"{within}{node.name}", node.lineno
        if isinstance(node, ast.ClassDef):
            yield from _undocumented(node.body, f"{node.name}.")


def _speaks_for_itself(node: ast.stmt, within: str) -> bool:
    """What every fact of the vocabulary answers; ``ledger.events.vocabulary.Fact`` says what it means."""
    return bool(within) and getattr(node, "name", "") in ("about", "sentence", "to_value")


def _project() -> dict[str, list[str]]:
    project: dict[str, list[str]] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return project


def _declared() -> set[str]:
    """The names of the runtime dependencies."""
    return {re.split(r"[<>=~! \[]", each)[0].lower() for each in _project()["dependencies"]}


def _version() -> str:
    return str(_project()["version"])
