"""The actions on features: views registered, computed, checked; joined for training and read for serving."""

from __future__ import annotations

from app.actions.registry.types import Action, Argument, Example

_VIEW = Argument(
    "view", "which view: fx-momentum, fx-momentum@2; the newest version where none is named", completes="artifact"
)
_DATASET = Argument(
    "dataset",
    "only this materialisation; all of the version where none is named",
    ("--dataset",),
    completes="artifact",
    metavar="REF",
)

FEATURES = (
    Action(
        "feature register",
        "record a feature view's declaration, with its code, as a version",
        group="make",
        scope="registry",
        key="F",
        module="app.actions.features",
        function="register",
        arguments=(
            Argument("view", "its name, declared in features/NAME.yaml, or the file's path"),
            Argument("project", "the project; assay.toml's where none is named", ("--project",), completes="project"),
        ),
        examples=(Example("assay feature register fx-momentum", "features/fx-momentum.yaml, as the next version"),),
        description=(
            "A view is one definition for training and for serving: keys, times, features with their types, sources, and "
            "the function that computes them. An unchanged declaration with unchanged code is not registered twice."
        ),
        writes=True,
        gives="view:feature_view registered events:[event]",
    ),
    Action(
        "feature list",
        "the feature views, whether they are materialised, and what their checks say",
        group="make",
        scope="registry",
        key="i",
        module="app.actions.features",
        function="list_views",
        arguments=(Argument("project", "only this project", ("--project",), completes="project"),),
        examples=(Example("assay feature list", "the newest version of each"),),
        at=True,
        gives="at views:[feature_view]",
    ),
    Action(
        "feature show",
        "one version of a view: keys, sources, features, stores, checks, history",
        group="make",
        scope="registry",
        key="w",
        module="app.actions.features",
        function="show_view",
        arguments=(_VIEW,),
        examples=(Example("assay feature show fx-momentum", "the newest version"),),
        at=True,
        gives="at view:feature_view history:[event]",
    ),
    Action(
        "feature materialize",
        "compute a view's features into a dataset, by a recorded run",
        group="make",
        scope="registry",
        key="M",
        module="app.actions.materializing",
        function="materialize",
        arguments=(
            _VIEW,
            Argument("since", "only event times from here on", ("--from",), metavar="TIME"),
            Argument("to", "only event times before this", ("--to",), metavar="TIME"),
            Argument(
                "until",
                "only what was known by then: later rows of the sources are withheld",
                ("--until",),
                metavar="TIME",
            ),
            Argument("online", "then write the online store from it", ("--online",), kind="flag"),
        ),
        examples=(
            Example("assay feature materialize fx-momentum --online", "all of it, and the newest online"),
            Example(
                "assay feature materialize fx-momentum --until 2008-09-15T16:00:00Z", "as it could be known that day"
            ),
        ),
        description="What is run is the registered version, out of the store; `assay reproduce` can make it again.",
        writes=True,
        gives="view run status dataset rows online events:[event]",
    ),
    Action(
        "feature check",
        "look for leaks: compute a view on truncated history, and name what changes",
        group="make",
        scope="registry",
        key="C",
        module="app.actions.leaks",
        function="check",
        arguments=(
            _VIEW,
            Argument(
                "samples",
                "at how many moments of its history",
                ("--samples",),
                kind="integer",
                default=12,
                metavar="N",
            ),
            Argument("seed", "which moments are drawn", ("--seed",), kind="integer", default=0, metavar="N"),
        ),
        examples=(Example("assay feature check fx-momentum", "exit code 1 where a feature looks into the future"),),
        writes=True,
        gives="view passed moments compared findings events:[event]",
    ),
    Action(
        "feature join",
        "join labels to the features that were known at their time",
        group="make",
        scope="registry",
        key="J",
        module="app.actions.featureserving",
        function="join",
        arguments=(
            Argument("views", "which views", arity="some", completes="artifact", metavar="VIEW"),
            Argument(
                "labels",
                "a CSV or Parquet file, or a registered dataset, with the keys and times",
                ("--labels",),
                required=True,
                metavar="FILE|REF",
            ),
            Argument("time", "the labels' column with their times", ("--time",), required=True, metavar="COLUMN"),
            Argument("zone", "the time zone of times that name none", ("--zone",)),
            Argument("output", "write the frame to this file", ("-o", "--output"), kind="path", metavar="FILE"),
            Argument("name", "record the frame as this dataset, with its lineage", ("--name",)),
        ),
        examples=(
            Example(
                "assay feature join fx-momentum --labels labels.csv --time day --zone UTC -o frame.parquet", "to a file"
            ),
            Example(
                "assay feature join fx-momentum --labels fx-labels --time day --name fx-frame",
                "by a recorded run, from registered labels",
            ),
        ),
        writes=True,
        gives="labels rows views path dataset",
    ),
    Action(
        "feature push",
        "write a materialisation's newest features to the online store, and compare",
        group="make",
        scope="registry",
        key="O",
        module="app.actions.pushing",
        function="push",
        arguments=(_VIEW, _DATASET),
        examples=(Example("assay feature push fx-momentum@1", "an earlier version's, such as after a rollback"),),
        writes=True,
        gives="view datasets online events:[event]",
    ),
    Action(
        "feature parity",
        "hold the online store against the offline features",
        group="watch",
        scope="registry",
        key="Q",
        module="app.actions.pushing",
        function="parity",
        arguments=(_VIEW, _DATASET),
        examples=(
            Example("assay feature parity fx-momentum", "exit code 1 where they differ; the verdict is recorded"),
        ),
        writes=True,
        gives="view datasets parity events:[event]",
    ),
    Action(
        "feature get",
        "one entity's features from the online store, through its gate",
        group="look",
        scope="registry",
        key="E",
        module="app.actions.featureserving",
        function="get",
        arguments=(
            _VIEW,
            Argument("key", "the entity: its keys in the view's order", arity="some", metavar="KEY"),
            Argument("consumer", "who reads; the actor where none is named", ("--consumer",), metavar="NAME"),
        ),
        examples=(
            Example("assay feature get fx-momentum USD", "refused where it is unknown, stale or of another version"),
        ),
        gives="view key features event_time age schema",
    ),
    Action(
        "feature record",
        "record which features were read, by whom, and whether the gate let it through",
        group="watch",
        scope="registry",
        key="U",
        module="app.actions.featureserving",
        function="record",
        examples=(Example("assay feature record", "the reads since the last time, counted, not one by one"),),
        writes=True,
        gives="events:[event]",
    ),
    Action(
        "feature skew",
        "hold what was served against what training would have seen",
        group="watch",
        scope="registry",
        key="S",
        module="app.actions.featureserving",
        function="skew",
        arguments=(
            _VIEW,
            Argument(
                "served",
                "the log: JSON lines, Parquet or CSV",
                ("--served",),
                kind="path",
                required=True,
                metavar="FILE",
            ),
            Argument(
                "tolerance",
                "how far floats may be off, as a share; what the view states where none is given",
                ("--tolerance",),
                kind="number",
                metavar="SHARE",
            ),
            _DATASET,
        ),
        examples=(
            Example(
                "assay feature skew fx-momentum --served served.jsonl", "by feature; exit code 1 unless all is equal"
            ),
        ),
        writes=True,
        gives="view datasets verdict served missing versions columns events:[event]",
    ),
)
