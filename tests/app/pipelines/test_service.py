from __future__ import annotations

import os
import signal
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.pipelines import processes
from app.pipelines.service import Service, ServiceError
from ledger.errors import InputError

SCORER = """
import json, os, sys, time
from app.model import scale
print("ready", sys.argv[1:], file=sys.stderr)
for line in sys.stdin:
    request = json.loads(line)
    if request == "die":
        sys.exit("out of memory")
    elif request == "hang":
        time.sleep(60)
    elif request == "chatter":
        print("hello")
        continue
    elif request == "refuse":
        answer = {"error": "ValueError: no such\\nday"}
    elif request == "size":
        answer = "x" * 3_000_000
    elif isinstance(request, str) and len(request) > 1000:
        answer = len(request)
    else:
        answer = {"pid": os.getpid(), "score": scale(request), "arguments": sys.argv[1:]}
    print(json.dumps(answer), flush=True)
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "model.py").write_text("def scale(x): return 2 * x")
    (tmp_path / "scoring.py").write_text(textwrap.dedent(SCORER))
    return tmp_path


@pytest.fixture
def service(project: Path) -> Iterator[Service]:
    with Service(project, "scoring", ["--fast"], timeout=10) as found:
        yield found


def test_one_process_answers_many_requests_with_the_projects_own_packages(service: Service) -> None:
    answers = [service.ask(n) for n in range(50)]
    assert [each["score"] for each in answers] == [2 * n for n in range(50)]
    assert len({each["pid"] for each in answers}) == 1
    assert answers[0]["arguments"] == ["--fast"]


def test_requests_and_answers_may_be_larger_than_a_pipe(service: Service) -> None:
    assert service.ask("y" * 3_000_000) == 3_000_000
    assert len(service.ask("size")) == 3_000_000
    assert service.ask(1)["score"] == 2


def test_what_the_code_refuses_is_an_error_and_the_service_goes_on(service: Service) -> None:
    with pytest.raises(ServiceError, match="scoring: ValueError: no such day"):
        service.ask("refuse")
    assert service.ask(1)["score"] == 2


@pytest.mark.parametrize(
    ("request_", "timeout", "said"),
    [
        ("hang", 0.5, "scoring did not answer within 0.5 s, and was ended"),
        ("chatter", 5, "scoring answered with what is no JSON: b'hello'"),
        ("die", 5, "scoring ended without an answer; it said last: out of memory"),
    ],
)
def test_a_service_that_breaks_is_ended_and_stays_so(
    service: Service, request_: str, timeout: float, said: str
) -> None:
    pid = service.ask(1)["pid"]
    with pytest.raises(ServiceError, match=said):
        service.ask(request_, timeout)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    with pytest.raises(ServiceError, match="has ended and answers no more"):
        service.ask(1)


@pytest.mark.parametrize(("module", "said"), [("absent", "No module named absent"), ("broken", "SyntaxError")])
def test_a_module_that_cannot_be_run(project: Path, module: str, said: str) -> None:
    (project / "broken.py").write_text("def")
    with Service(project, module) as service, pytest.raises(ServiceError, match=said):
        service.ask(1)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no project folder"):
        Service(tmp_path / "absent", "scoring")


def test_one_that_ignores_its_end_is_killed(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "GRACE", 0.2)
    (project / "deaf.py").write_text(
        "import os, signal, sys, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "sys.stdin.readline(); print(os.getpid(), flush=True)\nwhile True: time.sleep(1)"
    )
    with Service(project, "deaf") as service:
        pid = service.ask(1)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_killed_service_says_so(service: Service) -> None:
    os.kill(service.ask(1)["pid"], signal.SIGKILL)
    time.sleep(0.1)
    with pytest.raises(ServiceError, match="ended without an answer"):
        service.ask(1)
