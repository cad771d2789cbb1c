"""Runs in a container: real ones, by podman, where it is here and works."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.pipelines import container
from app.pipelines.reproduction import reproduce
from ledger.errors import InputError
from ledger.format import canonical
from ledger.projections import artifacts
from tests.app.pipelines import images
from tests.app.pipelines.test_runner import Desk

LOOKS = """
import os, pathlib, socket
def train(inputs, outputs, config, seed):
    try:
        socket.create_connection(("192.0.2.1", 80), timeout=1)
        network = True
    except OSError:
        network = False
    try:
        inputs["rates"].write_text("changed")
        writable = True
    except OSError:
        writable = False
    outputs["model"].write_text(inputs["rates"].read_text() + str(config["factor"] * seed))
    return {
        "network": int(network),
        "writable": int(writable),
        "home": int(pathlib.Path(config_home()).exists()),
        "seed": int(os.environ["ASSAY_SEED"]),
    }
def config_home():
    return HOME
"""


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with (
        pytest.MonkeyPatch.context() as monkeypatch,
        images.image(tmp_path_factory.mktemp("image"), monkeypatch) as name,
    ):
        yield name


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    found = Desk(tmp_path)
    yield found
    found.ledger.close()


def left() -> list[str]:
    podman = images.engine().split()
    done = subprocess.run(
        [*podman, "ps", "--all", "--format", "{{.Names}}"], capture_output=True, text=True, check=True
    )
    return [name for name in done.stdout.split() if name.startswith("assay-")]


def test_a_callable_runs_in_the_image_and_sees_its_folder_alone(image: str, desk: Desk) -> None:
    desk.write("training.py", LOOKS.replace("return HOME", f"return {str(desk.workspace.root)!r}"))
    result = desk.run(image=image)
    assert (result.status, result.reason) == ("ok", None)
    assert result.metrics == {"network": 0, "writable": 0, "home": 0, "seed": 7}
    assert desk.ledger.objects.read(artifacts.resolve(desk.ledger.view(), "fx-vol").digest) == b"1 2 614"
    found = desk.recorded(result)
    digest = container.find(image).digest
    assert found.runtime is not None
    assert canonical.decode(desk.ledger.objects.read(found.runtime))["image"] == digest
    assert (found.parameters["image"], found.parameters["image_name"]) == (digest, image)
    assert found.parameters["engine"][0] == "podman"
    assert artifacts.resolve(desk.ledger.view(), "runtime/fx-hedging/container@1").digest == found.runtime
    assert left() == []


def test_a_command_runs_in_the_image(image: str, desk: Desk) -> None:
    copies = "open(sys.argv[2], 'w').write(open(sys.argv[1]).read())"
    script = f"import sys, os; {copies}; print(os.environ['ASSAY_SEED'], os.environ['MODE'])"
    command = ["/usr/bin/python3", "-c", script, "{inputs.rates}", "{outputs.model}"]
    result = desk.run(image=image, callable=None, command=command, env={"MODE": "fast"})
    assert (result.status, result.reason) == ("ok", None)
    assert result.log is not None
    assert desk.ledger.objects.read(result.log) == b"7 fast\n"


def test_a_container_s_failures_are_told_as_what_they_are(image: str, desk: Desk) -> None:
    desk.write("training.py", "def train(*_):\n    raise ValueError('no rates for CHF')")
    assert desk.run(image=image).reason == "ValueError: no rates for CHF"
    killed = desk.run(image=image, callable=None, command=["/usr/bin/python3", "-c", "import sys; sys.exit(137)"])
    assert killed.reason is not None
    assert "SIGKILL" in killed.reason
    absent = desk.run(image=image, callable=None, command=["/usr/bin/absent"])
    assert (absent.status, "absent" in (absent.reason or "")) == ("failed", True)
    slow = desk.run(
        image=image, callable=None, command=["/usr/bin/python3", "-c", "import time; time.sleep(60)"], timeout=2
    )
    assert "timeout of 2 s" in (slow.reason or "")
    assert slow.seconds < 30
    assert left() == [], "a container that is ended is gone"


def test_a_run_in_an_image_is_reproduced_in_it(image: str, desk: Desk) -> None:
    result = desk.run(image=image)
    done = reproduce(desk.ledger, desk.recorded(result), actor="jon")
    assert done.fact is not None
    assert (done.fact.equal, done.runtime) == (True, ())
    assert done.run.runtime == desk.recorded(result).runtime
    other = reproduce(desk.ledger, desk.recorded(desk.run()), actor="jon", exchange=[f"runtime=image:{image}"])
    assert other.fact is not None
    assert other.fact.equal, "the same result in a container"
    assert any(each.startswith("image absent →") for each in other.runtime)


def test_an_image_that_is_not_here_is_one_clear_error(image: str, desk: Desk) -> None:
    size = desk.ledger.size
    with pytest.raises(InputError, match="the image localhost/absent:1 is not here; fetch it by `podman pull"):
        desk.run(image="localhost/absent:1")
    assert desk.ledger.size == size


def test_without_an_engine_it_is_said_what_is_needed(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    size = desk.ledger.size
    for command, said in [
        ("no-such-engine", "there is no no-such-engine on the PATH"),
        ("'", "cannot be read as words"),
    ]:
        monkeypatch.setenv("ASSAY_CONTAINER", command)
        with pytest.raises(InputError, match=said):
            desk.run(image="localhost/any:1")
    monkeypatch.delenv("ASSAY_CONTAINER")
    monkeypatch.setenv("PATH", "")
    with pytest.raises(InputError, match="neither podman nor docker"):
        desk.run(image="localhost/any:1")
    with pytest.raises(InputError, match="cannot be an image's name"):
        desk.run(image="--privileged")
    assert desk.ledger.size == size
