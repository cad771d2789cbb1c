"""The actions on artifacts: their versions, names, documents and bytes."""

from __future__ import annotations

from app.actions.registry.types import COUNT, Action, Argument, Example

PROJECT = Argument("project", "only this project", ("--project",), completes="project")
OF_PROJECT = Argument("project", "the project; assay.toml's where none is named", ("--project",), completes="project")
KINDS = ("dataset", "feature_view", "model", "code", "config", "runtime", "document", "policy")
DOCUMENTS = (
    "data_source",
    "transformation",
    "quality_standard",
    "model_card",
    "datasheet",
    "runbook",
    "validation_report",
    "limitations",
)
"""The kinds of documents that can be attached: those that the criteria of maturity know."""
KIND = Argument("kind", "only this kind", ("--kind",), choices=KINDS)
REF = Argument("ref", "which version: fx-vol@3, fx-vol@champion", completes="artifact")

VERSIONS = (
    Action(
        "artifact register",
        "store a file or folder, and record it as a version, by digest",
        group="make",
        scope="registry",
        key="a",
        module="app.actions.artifacts",
        function="register",
        arguments=(
            Argument("path", "the file or folder", kind="path"),
            Argument("kind", "what it is", ("--kind",), choices=KINDS, required=True),
            Argument("name", "its name; the file's without its ending where none is given", ("--name",)),
            OF_PROJECT,
            Argument("source_system", "where it came from, such as ECB", ("--source",), metavar="SYSTEM"),
            Argument("uri", "its address there", ("--uri",)),
            Argument("media_type", "its media type, such as text/csv", ("--media-type",), metavar="TYPE"),
            Argument("alias", "also point this alias to the new version", ("--alias",)),
            Argument("no_profile", "do not look into a table: its bytes alone", ("--no-profile",), kind="flag"),
        ),
        examples=(
            Example(
                "assay artifact register rates.csv --kind dataset --name ecb-rates", "the next version of ecb-rates"
            ),
            Example(
                "assay artifact register model/ --kind model --name fx-vol --alias challenger",
                "a folder, by its manifest",
            ),
        ),
        description="The same bytes under the same name are not registered twice: the version that has them is named.",
        writes=True,
        gives="artifact:artifact registered events:[event]",
    ),
    Action(
        "artifact list",
        "the registered versions, with stage and aliases",
        group="make",
        scope="everywhere",
        key="4",
        module="app.actions.artifacts",
        function="list_artifacts",
        arguments=(
            Argument("kind", "only this kind", ("--kind",), choices=KINDS),
            PROJECT,
            Argument("name", "only this name", ("--name",)),
            COUNT,
        ),
        examples=(
            Example("assay artifact list --kind model -n 0", "every version of every model"),
            Example("assay artifact list --at 2008-03-03 --json", "what was registered by then"),
        ),
        at=True,
        gives="at total artifacts:[artifact]",
    ),
    Action(
        "artifact show",
        "one version: digest, origin, stage, aliases, documents, history",
        group="make",
        scope="registry",
        key="s",
        module="app.actions.artifacts",
        function="show_artifact",
        arguments=(REF,),
        examples=(
            Example("assay artifact show fx-vol@champion", "the champion"),
            Example("assay artifact show fx-vol@champion --at 2008-03-03", "what was the champion on 3 March 2008"),
        ),
        at=True,
        gives="at artifact:artifact history:[event]",
    ),
    Action(
        "artifact diff",
        "what changed between two versions of data, a model, a configuration, a folder, a text",
        group="make",
        scope="registry",
        key="d",
        module="app.actions.differing",
        function="diff",
        arguments=(
            Argument("first", "the one version", completes="artifact", metavar="A"),
            Argument("second", "the other version", completes="artifact", metavar="B"),
            Argument("key", "the columns that name a table's row, with commas", ("--key",), metavar="COLUMN,…"),
        ),
        examples=(
            Example("assay artifact diff fx-panel@1 fx-panel@2", "columns, rows, and which distributions moved"),
            Example("assay artifact diff fx-vol@1 fx-vol@2 --json", "coefficients, and how their runs differ"),
        ),
        description=(
            "Tables are compared by columns and distributions, and row by row up to 20 million cells; JSON, TOML and YAML "
            "key by key; folders file by file; other text line by line. Of models and all that runs made, the runs are "
            "compared as well: parameters, inputs, metrics."
        ),
        at=True,
        gives="at a b same facts made kind changes",
    ),
    Action(
        "artifact restore",
        "write a version's verified bytes to a path",
        group="make",
        scope="registry",
        key="t",
        module="app.actions.integrity",
        function="restore",
        arguments=(
            Argument("ref", "which version", completes="artifact"),
            Argument("dest", "where to; must not exist yet", arity="optional", kind="path", metavar="DEST"),
            Argument("output", "the same, as an option", ("-o", "--output"), kind="path", metavar="PATH"),
            Argument("record", "append that it was restored and matched its digest", ("--record",), kind="flag"),
        ),
        examples=(
            Example("assay artifact restore fx-vol@3 model.json", "version 3, byte for byte, or an error"),
            Example("assay artifact restore ecb-rates@1 ../rates.zip --record", "evidence that data can be restored"),
        ),
        description="A script's file, one that begins with #!, may be executed; no other permissions are kept.",
        writes=True,
        at=True,
        gives="ref sha256 path recorded",
    ),
    Action(
        "artifact check",
        "hash stored objects again: bit rot, truncation, replacement are found and recorded",
        group="make",
        scope="registry",
        key="v",
        module="app.actions.integrity",
        function="check",
        arguments=(
            Argument(
                "refs",
                "only these versions; all where none is named",
                arity="many",
                completes="artifact",
                metavar="REF",
            ),
            Argument("everything", "every registered version", ("--all",), kind="flag"),
            Argument("record", "append the result even where every byte is right", ("--record",), kind="flag"),
            Argument("no_record", "append nothing, whatever is found", ("--no-record",), kind="flag"),
        ),
        examples=(
            Example("assay artifact check --all", "every registered version"),
            Example("assay artifact check fx-vol@3", "this one"),
        ),
        description=(
            "Damage is recorded as check.executed of kind integrity about the version it concerns, with what was made "
            "from it and where it is live."
        ),
        writes=True,
        at=True,
        gives="at ok checked findings:[damage] recorded",
    ),
)

NAMES = (
    Action(
        "artifact alias",
        "point an alias at a version from now on",
        group="make",
        scope="registry",
        key="m",
        module="app.actions.naming",
        function="alias",
        arguments=(REF, Argument("name", "the alias, such as champion", metavar="ALIAS")),
        examples=(Example("assay artifact alias fx-vol@2 challenger", "fx-vol@challenger is version 2 from now on"),),
        writes=True,
        gives="artifact:artifact moved from events:[event]",
    ),
    Action(
        "artifact aliases",
        "every move of every alias: who pointed it where, from when to when",
        group="make",
        scope="registry",
        key="A",
        module="app.actions.naming",
        function="aliases",
        arguments=(Argument("ref", "only of this artifact", arity="optional", completes="artifact"), COUNT),
        examples=(
            Example("assay artifact aliases fx-vol", "which version was the champion when"),
            Example("assay artifact aliases --at 2008-03-03", "the moves until 3 March 2008"),
        ),
        at=True,
        gives="at total moves:[move]",
    ),
    Action(
        "artifact retire",
        "record that a version is no longer to be used, and why",
        group="make",
        scope="registry",
        key="z",
        module="app.actions.naming",
        function="retire",
        arguments=(
            Argument("ref", "which version", completes="artifact"),
            Argument("reason", "why", ("--reason",), required=True, metavar="TEXT"),
            Argument(
                "replaced_by",
                "the version that takes its place",
                ("--replaced-by",),
                completes="artifact",
                metavar="REF",
            ),
        ),
        examples=(
            Example(
                "assay artifact retire fx-panel@1 --reason 'ends in 2007' --replaced-by fx-panel@2",
                "no run may take it as an input any more",
            ),
        ),
        writes=True,
        confirms="retire",
        gives="artifact:artifact depending live events:[event]",
    ),
    Action(
        "artifact attach",
        "store a document and attach it to a version or a project",
        group="make",
        scope="registry",
        key="b",
        module="app.actions.naming",
        function="attach",
        arguments=(
            Argument("ref", "which version, or project/NAME", completes="artifact"),
            Argument("path", "the document's file", kind="path"),
            Argument("kind", "what it is", ("--kind",), choices=DOCUMENTS, required=True),
            Argument("title", "its title; a Markdown file's first heading where none is given", ("--title",)),
            OF_PROJECT,
        ),
        examples=(
            Example("assay artifact attach fx-vol@2 card.md --kind model_card", "the model card of version 2"),
            Example("assay artifact attach ecb-rates source.md --kind data_source", "where the data comes from"),
        ),
        writes=True,
        gives="subject sha256 attached events:[event]",
    ),
)
