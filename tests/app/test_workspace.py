"""The workspace: found upwards, read and checked, its paths kept inside."""

from __future__ import annotations

import tomllib
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.workspace import ENVIRONMENTS, Workspace, parse, render
from ledger.errors import InputError

FILE = Path("assay.toml")


def test_a_workspace_is_found_from_any_folder_below(tmp_path: Path) -> None:
    (tmp_path / "assay.toml").write_text('project = "fx"')
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    assert Workspace.find(deep).root == tmp_path
    assert Workspace.find(tmp_path).ledger_path == tmp_path / ".assay" / "ledger.db"


def test_the_nearest_workspace_wins(tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    for folder in (tmp_path, inner):
        (folder / "assay.toml").write_text("")
    assert Workspace.find(inner).root == inner


def test_no_workspace_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"not in a workspace .*assay init") as caught:
        Workspace.find(tmp_path)
    assert "\n" not in str(caught.value)
    with pytest.raises(InputError, match="there is no folder"):
        Workspace.find(tmp_path / "absent")


def test_an_empty_file_has_the_usual_environments() -> None:
    config = parse("", FILE)
    assert config.environments == ENVIRONMENTS
    assert (config.project, config.persona, config.routes) == (None, None, {})


def test_everything_that_may_be_declared() -> None:
    config = parse(
        """
        project = "fx"
        environments = ["test", "prod"]
        [projects.fx]
        title = "Hedging"
        team = "quant"
        [routes.desk]
        file = "alerts.log"
        [routes.pager]
        command = ["notify", "--urgent"]
        [demo]
        persona = "rosa"
        """,
        FILE,
    )
    assert config.environments == ("test", "prod")
    assert config.projects["fx"].title == "Hedging"
    assert config.routes["desk"].file == "alerts.log"
    assert config.routes["pager"].command == ("notify", "--urgent")
    assert config.persona == "rosa"


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("enviroments = []", 1, "did you mean 'environments'"),
        ('project = "fx"\n\n[projects.fx]\ntitel = "x"', 4, "did you mean 'title'"),
        ('[routes.desk]\nfile = "a"\ncommand = ["b"]', 1, "exactly one of"),
        ("[routes.desk]", 1, "exactly one of"),
        ('[routes.desk]\ncommand = "notify"', 2, "list of words"),
        ("[routes.desk]\ncommand = []", 2, "empty"),
        ('[routes.desk]\nwebhook = "ftp://x"', 2, "http:// or https://"),
        ('[routes.desk]\nwebhook = "https://me:word@x/"', 2, "without a name and password"),
        ('[routes.desk]\nfile = "a"\nsecret_env = "S"', 1, "a secret signs a webhook"),
        ('[routes.desk]\nwebhook = "https://x"\nsecret_env = "S"\nsecret_file = "f"', 1, "not in both"),
        ('[routes.desk]\nfile = "a"\ntimeout = 900', 3, "timeout is in seconds"),
        ('[routes.desk]\nfile = "a"\n[notices]\napprovals = ["dask"]', 4, "did you mean 'desk'"),
        ('[notices]\napproval = ["desk"]', 2, "did you mean 'approvals'"),
        ("environments = []", 1, "environments"),
        ('environments = ["a", "a"]', 1, "twice"),
        ('environments = ["a b"]', 1, "cannot be a name"),
        ("project = 3", 1, "must be a text"),
        ('project = ""', 1, "must be a text"),
        ('project = "hedgin"\n[projects.hedging]', 1, "did you mean 'hedging'"),
        ("projects = 3", 1, "must be a table"),
        ('\n[demo]\npersonna = "rosa"', 3, "did you mean 'persona'"),
        ('[projects."a/b"]', 1, "cannot be a name"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(text: str, line: int, says: str) -> None:
    with pytest.raises(InputError, match=says) as caught:
        parse(text, FILE)
    assert str(caught.value).startswith(f"assay.toml, line {line}: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["x = ", "= 3", "[a", 'a = "\n"', "a = 1\na = 2"])
def test_what_is_no_toml_is_one_line(text: str) -> None:
    with pytest.raises(InputError, match=r"assay\.toml: .*at (line|end)") as caught:
        parse(text, FILE)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "assay.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="cannot be read"):
        _ = Workspace(tmp_path).config


def test_the_template_is_valid_and_names_its_project() -> None:
    assert parse(render("fx-hedging"), FILE).project == "fx-hedging"
    uncommented = "\n".join(
        line.removeprefix("# ") for line in render("fx").splitlines()[3:] if "=" in line or "[" in line
    )
    assert tomllib.loads(uncommented)


def test_the_project_that_is_meant(tmp_path: Path) -> None:
    (tmp_path / "assay.toml").write_text("[projects.only]")
    assert Workspace(tmp_path).project() == "only"
    assert Workspace(tmp_path).project("other") == "other"
    (tmp_path / "assay.toml").write_text("[projects.a]\n[projects.b]")
    with pytest.raises(InputError, match="--project"):
        Workspace(tmp_path).project()
    with pytest.raises(InputError, match="cannot be a project"):
        Workspace(tmp_path).project("a/b")


def test_an_undeclared_environment_is_refused(tmp_path: Path) -> None:
    (tmp_path / "assay.toml").write_text("")
    assert Workspace(tmp_path).environment("prod") == "prod"
    with pytest.raises(InputError, match="did you mean 'staging'"):
        Workspace(tmp_path).environment("stagin")


def test_a_persona_acts_only_where_its_key_lies(tmp_path: Path) -> None:
    (tmp_path / "assay.toml").write_text('[demo]\npersona = "rosa"')
    assert Workspace(tmp_path).persona is None
    (tmp_path / ".assay" / "demo-keys").mkdir(parents=True)
    assert Workspace(tmp_path).persona == "rosa"


@pytest.mark.parametrize("path", ["../x", "a/../../x", "/etc/passwd", "link/x"])
def test_paths_do_not_lead_out(tmp_path: Path, path: str) -> None:
    root = tmp_path / "work"
    root.mkdir()
    (root / "link").symlink_to(tmp_path)
    with pytest.raises(InputError, match="out of the workspace"):
        Workspace(root).inside(path)


def test_paths_inside_are_taken_from_the_root(tmp_path: Path) -> None:
    assert Workspace(tmp_path).inside("a/../b") == tmp_path.resolve() / "b"
    assert Workspace(tmp_path).inside(".") == tmp_path.resolve()


@given(st.text(max_size=80))
def test_whatever_the_file_holds_it_is_read_or_refused(text: str) -> None:
    with suppress(InputError):
        assert set(parse(text, FILE).environments)


def test_objects_lie_in_the_workspace_or_where_it_says(tmp_path: Path) -> None:
    for text, expected in (
        ("", tmp_path / ".assay" / "objects"),
        ('objects = "elsewhere"', tmp_path / "elsewhere"),
        ('objects = "s3://bucket/assay"', "s3://bucket/assay"),
    ):
        (tmp_path / "assay.toml").write_text(text)
        assert Workspace(tmp_path).objects == expected
