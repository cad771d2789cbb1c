"""The first screen's drawings: at a glance, the lists and what is cut of them, the agent, the guide."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.tui.draw.glyphs import ASCII, UNICODE
from app.tui.draw.picture import measure, plain
from app.tui.draw.sections import draw
from app.tui.screens.overview.draw import agent as agents
from app.tui.screens.overview.draw import guide as guided
from app.tui.screens.overview.draw import overview as lists
from app.tui.screens.overview.draw.glance import LINES, SHORT, glance
from app.tui.screens.overview.queries.agent import Agent, Did
from app.tui.screens.overview.queries.guide import TITLES, Guide, Item, Symptom
from app.tui.screens.overview.queries.overview import Broken, Live, Overview, Project, Trouble, Waiting

NOW = "2009-05-18T12:00:00.000000Z"
DUTIES = ("escalation", "triggers", "monitors", "rollouts")
ALERT = Trouble("drift-1", "high", "raised", "2009-05-17", "model/fx/vol@1", "inputs drift")
ASKED = Waiting(812, "model/fx/vol@6", "prod", "ada", "2009-05-18", 1, True, "2009-05-20")
LIVE = Live("d1", "model/fx/vol@3", "prod", "canary", 0.1, "under way", "2009-05-14")
QUIET = Overview((), (), (), (), (), (), 0, (), NOW)
BUSY = replace(
    QUIET,
    troubles=(ALERT, replace(ALERT, alert="drift-0", state="acknowledged")),
    waiting=(ASKED, replace(ASKED, seq=700, mine=False, due="2009-05-01")),
    live=(LIVE, replace(LIVE, deployment="d0", status="ok")),
    exceptions=(Broken(9, "e", "expired", "model/fx/vol@2", "prod", "2009-01-01", "why"),),
)
NEVER = Agent("2026-11-23T14:00:00.000000Z", "", "", "", "", 0.0, (), DUTIES)
RUNS = replace(
    NEVER, leader="svc:agent, process 7 on desk", since="2026-11-23T09:30:00.000000Z", ran="2026-11-23T13:57:00.000000Z",
    by="svc:agent", seconds=1.25, work=(Did("escalation", 2, ""), Did("triggers", 0, "no such file"), Did("monitors", 0, "")),
)  # fmt: skip


def item(page: str, place: int, *, met: bool, failing: str = "") -> Item:
    return Item(
        page, f"{page[0].upper()}{place}", f"step {place}", met, "found it", "advice", "assay do", failing, "seen so", 7
    )


ITEMS = tuple(item("steps", n, met=n in (2, 3, 4, 7), failing="scope creep" if n == 1 else "") for n in range(1, 9))
GUIDE = Guide(
    "fx-hedging", tuple((TITLES[page], 4, 8) for page in TITLES),
    (Symptom("T2", "drift is not detected", "no monitor watches it", "assay monitor run", 147),),
    ITEMS, (("data", 3), ("model", -1), ("code", None)),
)  # fmt: skip
INTACT = (3_069, True, "2009-05-18")


def test_a_busy_day_at_a_glance() -> None:
    seen = glance(BUSY, 116, verified=INTACT, me="vera", consulted=GUIDE, agent=RUNS)
    assert plain(seen) == (
        " WRONG    ▲ 1 alert raised   ▲ 1 exception open   ! 1 alert seen   ✗ 1 finding of the doctor   ✗ 1 duty of the agen…\n"
        " WAITS    ◷ 1 request for your signature, vera   ! 1 overdue   ○ 1 for others   ● 1 rollout under way\n"
        " STEPS    ✗1 assess  ✓2 risks  ✓3 targets  ✓4 train  ○5 ci/cd  ○6 canary  ✓7 govern  ○8 scale   4 of 8, fx-hedging\n"
        " LEVELS   DATA ▓▓▓ 3   MODEL —   CODE ? ?\n"
        " AGENT    ● runs  last round 3 min ago  ✗ failed: triggers"
    )


def test_a_quiet_day_in_a_small_terminal() -> None:
    well = replace(GUIDE, symptoms=())
    seen = glance(QUIET, 76, verified=INTACT, me="vera", consulted=well, agent=NEVER, lines=SHORT)
    assert plain(seen) == (
        " WRONG    ✓ nothing   ○ chain recorded intact at 3,069, v checks it now\n"
        " WAITS    ✓ nothing for you, vera\n"
        " STEPS    ✗1  ✓2  ✓3  ✓4  ○5  ○6  ✓7  ○8   4 of 8, fx-hedging\n"
        " LEVELS   DATA ▓▓▓ 3   MODEL —   CODE ? ?   AGENT ○ never ran  nobody does …"
    )


def test_what_is_not_known_yet_is_not_said_to_be_well() -> None:
    text = plain(glance(QUIET, 116))
    assert "✓ nothing   " not in text
    assert "the doctor looks" in text
    assert "never verified" in text
    assert text.count("no event names a project yet") == 2, "steps and levels, of a ledger without any"
    text = plain(glance(QUIET, 116, late=True))
    size = QUIET.newest[0].seq + 1 if QUIET.newest else 0
    assert text.count(f"pending: the evidence of {size:,} events is being read …") == 2
    broken = plain(glance(QUIET, 116, verified=(5, False, ""), consulted=GUIDE))
    assert "✗ the chain is broken" in broken
    assert "intact" not in broken


def test_what_is_of_the_moment_shown_before_is_marked() -> None:
    text = plain(glance(QUIET, 116, verified=INTACT, consulted=GUIDE, late=True))
    assert text.count("pending …") == 2, "steps and levels"
    assert "finding of the doctor" not in text
    assert "the doctor looks" in text
    assert "✓ nothing   " not in text


def test_at_a_past_moment_the_agent_is_as_it_is_now_and_no_trouble_of_then() -> None:
    text = plain(glance(QUIET, 116, consulted=replace(GUIDE, symptoms=()), agent=RUNS, past=True))
    assert "(as it is now)" in text
    assert "of the agent failed" not in text
    assert "1 duty of the agent failed" in plain(glance(QUIET, 116, agent=RUNS))


@pytest.mark.parametrize("cells", [20, 58, 78, 118, 200])
@pytest.mark.parametrize("lines", [SHORT, LINES])
def test_hostile_names_break_no_line(cells: int, lines: int) -> None:
    text = "\x1b[31m\u202egnp\n[bold] 漢字 👩‍💻 " + "x" * 3000
    guide = replace(GUIDE, project=text, symptoms=(Symptom(text, text, text, text, None),))
    agent = replace(RUNS, leader=text, by=text, work=(Did(text, 0, text),))
    data = replace(BUSY, projects=(Project(text, text, 1, 1, 1),), waiting=(replace(ASKED, subject=text, actor=text),))
    pictures = [
        glance(data, cells, ASCII, me=text, consulted=guide, agent=agent, lines=lines),
        draw(lists.stands(data, INTACT, ASCII, consulted=guide, agent=agent), cells).lines,
        draw(agents.whole(agent, data), cells).lines,
        agents.told(agent, f"duty/{text}", cells),
        guided.symptom(guide.symptoms[0], cells),
    ]
    assert len(pictures[0]) == lines
    for picture in pictures:
        assert {measure(line) for line in picture if line} <= {cells}
        assert not any(set("\x1b\u202e\n") & set(part) for line in picture for part, _ in line)


def test_where_things_stand_as_it_looks() -> None:
    data = replace(
        BUSY, projects=(Project("fx-hedging", "vol v3", 0, 1, 24), Project("rates", "", 2, 0, 1)),
        counts=(("dataset", 10), ("policy", 2), ("run", 1)), since_checkpoint=12,
    )  # fmt: skip
    text = plain(draw(lists.stands(data, INTACT, UNICODE, consulted=GUIDE, agent=RUNS), 48).lines)
    assert text == (
        " THE EIGHT STEPS OF fx-hedging: 4 of 8\n"
        "   ✗ failing  S1  step 1\n"
        "   ✓ met      S2  step 2\n"
        "   ✓ met      S3  step 3\n"
        "   ✓ met      S4  step 4\n"
        "   ○ open     S5  step 5\n"
        "   ○ open     S6  step 6\n"
        "   ✓ met      S7  step 7\n"
        "   ○ open     S8  step 8\n"
        "\n"
        "   ███░░░  4 of 8  there first\n"
        "   ███░░░  4 of 8  checkpoints\n"
        "   ███░░░  4 of 8  readiness\n"
        "\n"
        " PROJECTS (2)\n"
        "   project     live     alerts  asked  versions\n"
        "   rates       —             2      0         1\n"
        "   fx-hedging  vol v3        0      1        24\n"
        "\n"
        " AGENT\n"
        "   ● runs      svc:agent, process 7 on desk, s…\n"
        "   last round  3 min ago, by svc:agent, in 1.2…\n"
        "   ✗ failed    triggers: no such file\n"
        "   next round  escalation (2 open, 1 overdue, …\n"
        "\n"
        " PROOF\n"
        "   ○ intact   so event 3,069 says, 2009-05-18;…\n"
        "   ○ signed   12 events since the last checkpo…\n"
        "\n"
        " NEXT\n"
        "   s          sign or reject the request about…\n"
        "   7          see what raised drift-1\n"
        "   3          browse from vol v3 back to its d…\n"
        "   ?          see what each key does\n"
        "\n"
        " RECORDED\n"
        "          10  datasets\n"
        "           2  policies\n"
        "           1  run"
    )


def test_what_is_too_long_is_cut_and_a_row_stands_for_the_rest() -> None:
    forty = replace(
        QUIET,
        projects=tuple(Project(f"p{n:02}", "", int(n == 39), 0, 1) for n in range(40)),
        live=tuple(replace(LIVE, deployment=f"d{n}", status="ok") for n in range(40)),
    )
    cut = lists.capped(
        [*lists.sections(forty, UNICODE, "vera"), *lists.stands(forty, INTACT, UNICODE, consulted=GUIDE)], 6
    )
    text = plain(draw(cut, 100).lines)
    assert "SERVES, OR IS UNDER WAY (40)" in text
    assert "34 more, enter lists all" in text
    assert [row.value for each in cut for row in each.rows if str(row.value).startswith(lists.ALL)] == [
        "all/SERVES, OR IS UNDER WAY", "all/PROJECTS (40)",
    ]  # fmt: skip
    assert "p39" in text, "where something is open, that comes first"
    assert text.count("step ") == 8, "the steps are never cut"
    assert lists.capped(cut, 6) == cut
    seven = replace(QUIET, live=forty.live[:7])
    whole = lists.sections(seven, UNICODE, "vera")
    assert lists.capped(whole, 6) == whole, "one row more takes no more room than the row that would stand for it"


@pytest.mark.parametrize(
    ("then", "said"),
    [("2026-11-23T13:59:58Z", "just now"), ("2026-11-23T13:57:00Z", "3 min ago"), ("2026-11-23T08:00:00Z", "6 h ago"),
     ("2026-11-20T08:00:00Z", "3 d ago"), ("2026-11-24T08:00:00Z", "just now"), ("", ""), ("soon", "")],
)  # fmt: skip
def test_how_long_ago(then: str, said: str) -> None:
    assert agents.ago(then, "2026-11-23T14:00:00Z") == said


def test_the_agent_whole() -> None:
    text = plain(draw(agents.whole(RUNS, BUSY, past=True), 90).lines)
    assert text == (
        " AGENT\n"
        "   ● runs      svc:agent, process 7 on desk, since 2026-11-23 09:30\n"
        "   last round  3 min ago, by svc:agent, in 1.2 s: did 2 things\n"
        "   next round  escalation (2 open, 1 overdue, 1 expired exception), triggers, monitors, …\n"
        "               as it is now: what it was at the moment shown is not recorded\n"
        "\n"
        " THE LAST ROUND, DUTY BY DUTY\n"
        "   ✓ did       escalation: did 2 things\n"
        "   ✗ failed    triggers: no such file\n"
        "   · quiet     monitors: nothing was due\n"
        "\n"
        " COMMANDS\n"
        "   assay agent           a round each minute, until Ctrl-C\n"
        "   assay agent --once    one round, for cron\n"
        "   assay agent --status  the same as here, as text or --json"
    )
    assert plain(agents.told(RUNS, "duty/triggers", 40)) == " no such file"
    assert agents.told(RUNS, "duty/monitors", 40) == ()
    cron = replace(RUNS, leader="", work=RUNS.work[:1])
    assert plain([tuple(agents.brief(cron))]) == "○ not running now  last round 3 min ago  did 2 things"
    first = replace(RUNS, ran="", work=())
    assert "first round is under way" in plain([tuple(agents.brief(first))])


def test_an_item_of_the_guide_in_words() -> None:
    assert plain(guided.item(ITEMS[0], 40)) == (
        " found it\n ✗ scope creep: seen so\n advice\n assay do\n enter goes to event 7"
    )
    assert plain(guided.symptom(GUIDE.symptoms[0], 40)) == (
        " drift is not detected\n no monitor watches it\n assay monitor run\n enter goes to event 147"
    )
    assert "THE EIGHT STEPS: 4 of 8" in plain(draw(guided.items(GUIDE), 60).lines)
