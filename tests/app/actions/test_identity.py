"""Who acts, and why: the order in which the places that may name somebody are asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.actions.context import Context
from app.actions.identity import Identity, check, configuration, identify
from app.workspace import Workspace
from ledger.errors import InputError, KeyUnavailable
from tests.app.story import Shell


@pytest.fixture
def demo(tmp_path: Path, home: Path) -> Workspace:
    """A demo's workspace, with a persona."""
    root = tmp_path / "demo"
    (root / ".assay" / "demo-keys").mkdir(parents=True)
    (root / "assay.toml").write_text('[demo]\npersona = "rosa"\n')
    return Workspace(root)


def configure(text: str) -> None:
    configuration().parent.mkdir(parents=True, exist_ok=True)
    configuration().write_text(text)


def test_the_order_of_those_who_may_name_somebody(demo: Workspace) -> None:
    configure('actor = "configured"\n[dashboard]\ntheme = "dark"\n')
    environ = {"ASSAY_ACTOR": "surroundings"}
    assert identify("named", environ, demo) == Identity("named", "--as")
    assert identify(None, environ, demo) == Identity("surroundings", "ASSAY_ACTOR")
    persona = identify(None, {}, demo)
    assert (persona.name, persona.demo) == ("rosa", True)
    assert "demo key" in persona.why
    assert identify(None, {}, None) == Identity("configured", str(configuration()))


def test_whoami_in_a_demo_names_the_persona_whatever_is_configured(demo: Workspace) -> None:
    configure('actor = "configured"\n')
    said = Shell(demo.root).ok("whoami")
    assert said.out.splitlines()[0] == "rosa  the demo's persona, with a demo key; --as NAME is somebody else"
    facts = Shell(demo.root).json("whoami")
    assert (facts["name"], facts["demo"]) == ("rosa", True)
    assert Shell(demo.root).json("--as", "ada", "whoami")["why"] == "--as"


def test_nobody_is_guessed_but_a_new_ledgers_administrator(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "grace")
    with pytest.raises(InputError, match="nobody is named"):
        identify(None, {}, None)
    assert identify(None, {}, None, or_login=True) == Identity("grace", "the login name")


@pytest.mark.parametrize("name", ["", " ", "a b", "a/b", "../a", "a\n", "-x", "é", "person@x"])
def test_what_cannot_be_a_name(name: str) -> None:
    with pytest.raises(InputError):
        check(name)


@pytest.mark.parametrize("name", ["ada", "svc:trainer", "j.doe-2", "X_1"])
def test_what_can_be_a_name(name: str) -> None:
    assert check(name) == name


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("actor = 3", "must be a name"),
        ('acter = "ada"', "did you mean 'actor'"),
        ("actor = ", "cannot be read"),
        ('actor = "a b"', "cannot be somebody's name"),
    ],
)
def test_a_wrong_configuration_is_one_line(home: Path, text: str, says: str) -> None:
    configure(text)
    with pytest.raises(InputError, match=says) as caught:
        identify(None, {}, None)
    assert "\n" not in str(caught.value)


def test_whoami_says_who_and_why(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSAY_ACTOR", "jon")
    facts = shell.json("whoami")
    assert (facts["name"], facts["why"], facts["key_here"]) == ("jon", "ASSAY_ACTOR", True)
    assert facts["person"]["roles"] == [{"scope": "fx-hedging", "role": "risk_officer"}]
    stranger = shell.json("--as", "zoe", "whoami")
    assert (stranger["person"], stranger["key_here"]) == (None, False)


def test_whoami_without_a_workspace(empty: Shell) -> None:
    facts = empty.json("--as", "ada", "whoami")
    assert (facts["name"], facts["ledger"]) == ("ada", None)


def test_a_demo_persona_signs_with_the_key_beside_the_ledger(shell: Shell) -> None:
    """In a demo's workspace nobody needs to be named, and no passphrase is asked for."""
    from ledger.keystore import Keystore

    keys = shell.root / ".assay" / "demo-keys"
    keys.mkdir()
    Keystore(keys, demo=True).make_person("rosa")
    with (shell.root / "assay.toml").open("a") as file:
        file.write('\n[demo]\npersona = "rosa"\n')
    facts = shell.json("whoami")
    assert (facts["name"], facts["demo"], facts["key_here"]) == ("rosa", True, True)
    context = Context(start=shell.root, environ={})
    assert context.unlock("rosa").public == context.keystore.public("rosa")
    assert "demo" in shell.ok("whoami").out


def test_a_passphrase_comes_from_its_file_or_nowhere(tmp_path: Path, home: Path) -> None:
    word = tmp_path / "word"
    word.write_bytes(b"open sesame\r\nsecond line\n")
    assert Context(environ={"ASSAY_PASSPHRASE_FILE": str(word)}).passphrase("ada") == b"open sesame"
    word.write_bytes(b"\n")
    for environ in ({"ASSAY_PASSPHRASE_FILE": str(word)}, {"ASSAY_PASSPHRASE_FILE": str(tmp_path / "absent")}, {}):
        with pytest.raises(KeyUnavailable):
            Context(environ=environ).passphrase("ada")
