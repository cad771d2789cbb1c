"""Reading a maturity model: YAML to criteria, each thing that does not exist refused with its line and the reason."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from ledger.errors import InputError
from ledger.format import canonical, hashes
from ledger.rules.maturity.model import LEVELS, TRACKS, Criterion, Model
from ledger.rules.maturity.moments import Window, window
from ledger.rules.maturity.proving import Problem, proof, reads

SCHEMA = "assay/maturity-model/1"
_TOP = ("schema", "sources", "windows", "capabilities", "packs", "tracks")
_OVER = ("extends", "packs", "windows", "capabilities", "without", "tracks", "sources")
_CRITERION = ("id", "need", "window", "automated", "proof", "do", "src")
_TIERS = ("tier_1", "tier_2", "tier_3")


@cache
def shipped() -> Model:
    """The model that comes with the program."""
    text = files("ledger.rules.maturity").joinpath("model.yaml").read_text(encoding="utf-8")
    return _Reader("the shipped model").model(_loaded(text, "the shipped model"), "shipped")


def read(text: str, source: str) -> Model:
    """A workspace's own model, or what it changes of the shipped one.

    Args:
        text: the YAML.
        source: what to call it in errors.

    Raises:
        InputError: it is no YAML, or names what does not exist; with the line and the reason.
    """
    own = _loaded(text, source)
    reader = _Reader(source)
    if not isinstance(own, Placed):
        raise InputError(f"{source}, line 1: a model is a mapping, with `extends: {SCHEMA}` or `schema: {SCHEMA}`")
    if "extends" not in own:
        return reader.model(own, source)
    reader.only(own, _OVER, "the model")
    if own["extends"] != SCHEMA:
        raise reader.error(own, "extends", f"this program knows {SCHEMA}, not {own['extends']!r}")
    return reader.model(_merged(reader, own), source)


def rebuilt(document: Mapping[str, Any], source: str) -> Model:
    """A model from the document of one, such as an adopted one's bytes."""
    return _Reader(source).model(dict(document), source)


class Placed(dict[str, Any]):
    """A mapping that knows on which line each of its keys stands, and itself."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.line = 0
        self.lines: dict[str, int] = {}


def _loaded(text: str, source: str) -> Any:
    import yaml

    try:
        node = yaml.compose(text, Loader=yaml.CSafeLoader if hasattr(yaml, "CSafeLoader") else yaml.SafeLoader)
        return _built(node, yaml)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise InputError(f"{source}, line {line}: {error.problem or 'this is no YAML'}") from None
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise InputError(f"{source}: this is no YAML that a model can be read from: {error}") from None


def _built(node: Any, yaml: Any) -> Any:
    if isinstance(node, yaml.MappingNode):
        made = Placed()
        made.line = node.start_mark.line + 1
        for key, item in node.value:
            name = str(key.value)
            if name in made.lines:
                raise yaml.MarkedYAMLError(problem=f"{name!r} stands here twice", problem_mark=key.start_mark)
            made[name] = _built(item, yaml)
            made.lines[name] = key.start_mark.line + 1
        return made
    if isinstance(node, yaml.SequenceNode):
        return [_built(each, yaml) for each in node.value]
    return None if node is None else yaml.SafeLoader("").construct_object(node)


def _merged(reader: _Reader, own: Placed) -> Placed:
    """The shipped model with what the workspace changes of it."""
    text = files("ledger.rules.maturity").joinpath("model.yaml").read_text(encoding="utf-8")
    base: Placed = _loaded(text, "the shipped model")
    tiers = base["windows"]["tier"]
    base["windows"] = _over(reader, base["windows"], own, "windows")
    base["windows"]["tier"] = _over(reader, tiers, base["windows"], "tier")
    base["capabilities"] = _over(reader, base["capabilities"], own, "capabilities")
    for name in _names(reader, own, "packs"):
        if name not in base["packs"]:
            raise reader.error(own, "packs", f"there is no pack {name!r}; there is {', '.join(base['packs'])}")
        _add(reader, base["tracks"], base["packs"][name])
    base["packs"] = {}
    _add(reader, base["tracks"], _over(reader, Placed(), own, "tracks"))
    known = {each["id"] for levels in base["tracks"].values() for each in _flat(levels)}
    for name in _names(reader, own, "without"):
        if name not in known:
            raise reader.error(own, "without", f"there is no criterion {name!r} to leave out")
        for levels in base["tracks"].values():
            for level, criteria in levels.items():
                levels[level] = [each for each in criteria if each["id"] != name]
    return base


def _over(reader: _Reader, base: Placed, own: Placed, key: str) -> Placed:
    """A mapping of the shipped model with what the workspace says instead; the lines are those of the workspace's file."""
    said = own.get(key)
    if said is None:
        return base
    if not isinstance(said, Placed):
        raise reader.error(own, key, f"{key} must be a mapping, not {str(said)[:60]!r}")
    made = Placed({**base, **said})
    made.line, made.lines = said.line, dict(said.lines)
    return made


def _names(reader: _Reader, own: Placed, key: str) -> list[str]:
    said = own.get(key) or []
    if not isinstance(said, list) or not all(isinstance(each, str) for each in said):
        raise reader.error(own, key, f"{key} must be a list of names, not {str(said)[:60]!r}")
    return said


def _flat(levels: Mapping[str, Any]) -> list[Any]:
    return [each for criteria in levels.values() for each in criteria or []]


def _add(reader: _Reader, tracks: Any, more: Any) -> None:
    """Put criteria in; one whose id is there already takes its place."""
    for track, levels in more.items():
        if track not in tracks or not isinstance(levels, dict):
            raise reader.error(more, track, f"there is no track {track!r}; they are {', '.join(TRACKS)}")
        for level in levels:
            if level not in LEVELS:
                raise reader.error(levels, level, f"{level!r} is no level; they are {', '.join(LEVELS)}")
            for each in reader.listed(levels, level, track):
                name = each.get("id")
                for others in tracks.values():
                    for at, held in others.items():
                        others[at] = [one for one in held if one["id"] != name]
                tracks[track].setdefault(level, []).append(each)


class _Reader:
    """Turns a loaded document into a model."""

    def __init__(self, source: str) -> None:
        self.source = source

    def model(self, document: Any, source: str) -> Model:
        if not isinstance(document, dict) or document.get("schema") != SCHEMA:
            raise InputError(f"{self.source}, line 1: a model says `schema: {SCHEMA}`, or extends it")
        self.only(document, _TOP, "the model")
        windows = document.get("windows") or {}
        self.only(windows, ("verified", "tier"), "windows")
        tiers = {name: self.window(windows.get("tier") or {}, name, aged=True) for name in _TIERS}
        self.only(windows.get("tier") or {}, _TIERS, "windows.tier")
        criteria: list[Criterion] = []
        tracks = document.get("tracks") or {}
        self.only(tracks, TRACKS, "tracks")
        for track in TRACKS:
            levels = tracks.get(track) or {}
            self.only(levels, LEVELS, f"tracks.{track}")
            for level in LEVELS:
                criteria += [
                    self.criterion(each, track, LEVELS.index(level)) for each in self.listed(levels, level, track)
                ]
        ids = [each.id for each in criteria]
        twice = next((name for name in ids if ids.count(name) > 1), None)
        if twice is not None:
            raise InputError(f"{self.source}: the criterion {twice} stands in it twice")
        capabilities = self.capabilities(document.get("capabilities") or {}, set(ids))
        plain = _plain(document)
        digest = hashes.digest(canonical.encode(plain))
        verified = self.window(windows, "verified", aged=True)
        return Model(tuple(criteria), tiers, verified, capabilities, digest, plain, source)

    def capabilities(self, said: Mapping[str, Any], known: set[str]) -> dict[str, tuple[str, ...]]:
        found = {}
        for name, ids in said.items():
            if not isinstance(ids, list):
                raise self.error(said, name, f"the capability {name} is a list of criteria")
            found[name] = tuple(each for each in ids if each in known)
        return found

    def listed(self, levels: Mapping[str, Any], level: str, track: str) -> list[dict[str, Any]]:
        """The criteria of a level, as they were loaded."""
        said = levels.get(level) or []
        if not isinstance(said, list) or not all(isinstance(each, dict) for each in said):
            raise self.error(levels, level, f"{track} {level} must be a list of criteria, each a mapping with an id")
        return said

    def criterion(self, said: Any, track: str, level: int) -> Criterion:
        self.only(said, _CRITERION, "a criterion")
        for key in ("id", "need", "window", "proof"):
            if key not in said:
                raise self.error(said, "", f"a criterion needs {key}")
        length = self.window(said, "window")
        try:
            proven = proof(said["proof"])
        except Problem as problem:
            raise self.error(problem.where, problem.key, f"{said['id']}: {problem}", said) from None
        if length.kind == "tier" and not reads(proven).tiered:
            raise self.error(said, "window", f"{said['id']}: a window by tier needs evidence of versions, or a pair")
        automated = said.get("automated", False)
        if not isinstance(automated, bool):
            raise self.error(said, "automated", f"{said['id']}: automated is true or false")
        return Criterion(
            str(said["id"]),
            track,
            level,
            str(said["need"]),
            length,
            automated,
            proven,
            str(said.get("do", "")),
            tuple(map(str, said.get("src") or [])),
        )

    def window(self, said: Mapping[str, Any], key: str, *, aged: bool = False) -> Window:
        found = window(str(said.get(key)))
        if found is None or (aged and found.kind not in ("time", "ever")):
            spelled = "P90D or PT4H" if aged else "ever, tier, P90D, PT4H or P2B (business days)"
            raise self.error(said, key, f"{said.get(key)!r} is no window; say {spelled}")
        return found

    def only(self, said: Any, known: tuple[str, ...], what: str) -> None:
        if not isinstance(said, dict):
            raise InputError(f"{self.source}: {what} must be a mapping")
        for key in said:
            if key not in known:
                raise self.error(said, key, f"{what} has no {key!r}; known are {', '.join(known)}")

    def error(self, said: Any, key: str, message: str, around: Any = None) -> InputError:
        for place in (said, around):
            if isinstance(place, Placed):
                line = place.lines.get(key, place.line)
                return InputError(f"{self.source}, line {line}: {message}")
        return InputError(f"{self.source}: {message}")


def _plain(item: Any) -> Any:
    if isinstance(item, dict):
        return {key: _plain(each) for key, each in item.items()}
    if isinstance(item, list):
        return [_plain(each) for each in item]
    return item
