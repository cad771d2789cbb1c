"""The evidence of a request: what there is, whether its bytes are those recorded, and what it says."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual.app import ComposeResult

from app.tui.draw.glyphs import Glyphs
from app.tui.messages import Failed, Opened
from app.tui.screens.approvals.draw import evidence as draw
from app.tui.screens.approvals.queries import contents, evidence
from app.tui.screens.approvals.queries.contents import Content
from app.tui.screens.approvals.queries.evidence import Piece
from app.tui.screens.modal import Box
from app.tui.widgets.lister import Lister
from app.tui.widgets.paper import Paper

if TYPE_CHECKING:
    from app.tui.app import Dashboard
    from ledger.store.objects import Objects


class EvidenceScreen(Box[None]):
    """The pieces above, the one under the cursor below."""

    BINDINGS: ClassVar[list[Any]] = [
        ("v,q", "close", "leave"),
        ("enter,l", "open", "open it on its screen"),
        ("J,space", "scroll(4)", "what it says further down"),
        ("K", "scroll(-4)", "what it says further up"),
    ]
    DEFAULT_CSS = """
    EvidenceScreen #box { width: 120; max-width: 98%; height: 94%; max-height: 94%; }
    EvidenceScreen Lister { height: auto; max-height: 40%; }
    EvidenceScreen #said { height: 1fr; border-top: solid $border; }
    EvidenceScreen.-ascii #said { border-top: ascii $border; }
    """

    def __init__(self, request: int, subject: str) -> None:
        super().__init__(
            f"Evidence of request {request:,}: {subject}", "j k piece   J K scroll   enter opens it   esc leaves"
        )
        self._request = request
        self._pieces: tuple[Piece, ...] = ()
        self._found: dict[str, Content] = {}
        self._left = False

    def inside(self) -> ComposeResult:
        """The list, and what one piece says."""
        yield Lister(id="pieces")
        yield Paper(id="said")

    def on_mount(self) -> None:
        """Ask for the list; then for the bytes, one piece after another."""
        self.run_worker(self._work, thread=True, exit_on_error=False)

    @property
    def dashboard(self) -> Dashboard:
        """The application, by its own type."""
        return cast("Dashboard", self.app)

    @property
    def glyphs(self) -> Glyphs:
        """The signs that this terminal can show."""
        return self.dashboard.glyphs

    @property
    def piece(self) -> Piece | None:
        """The piece under the cursor."""
        value = self.query_one(Lister).value
        return self._pieces[value] if isinstance(value, int) and value < len(self._pieces) else None

    def _work(self) -> None:
        from app.tui.screens.page import in_one_line

        app = self.dashboard
        try:
            query = partial(evidence.load, seq=self._request)
            pieces = app.gateway.ask(query, app.moment.at)
            app.call_from_thread(self._list, pieces)
            store = _store(app)
            for piece in pieces:
                if self._left:
                    return
                if piece.digest and piece.digest not in self._found:
                    content = contents.look(store, piece.digest, piece.media_type, piece.name)
                    app.call_from_thread(self._looked, piece.digest, content)
        except Exception as error:
            self.post_message(Failed(in_one_line(error)))

    def _list(self, pieces: tuple[Piece, ...]) -> None:
        self._pieces = pieces
        self._show()

    def _looked(self, digest: str, content: Content) -> None:
        self._found[digest] = content
        if self.is_mounted and not self._left:
            self._show()

    def _show(self) -> None:
        self.query_one(Lister).show(draw.listing(self._pieces, self._found, self.glyphs))
        self._tell()

    def _tell(self) -> None:
        piece = self.piece
        if piece is not None:
            content = self._found.get(piece.digest)
            self.query_one("#said", Paper).show(lambda cells, _: draw.piece(piece, content, cells, self.glyphs))

    def on_lister_moved(self, event: Lister.Moved) -> None:
        """Another piece is under the cursor."""
        event.stop()
        self.query_one("#said", Paper).scroll_to(y=0, animate=False)
        self._tell()

    def on_lister_chosen(self, event: Lister.Chosen) -> None:
        """A second click opens it."""
        event.stop()
        self.action_open()

    def on_failed(self, message: Failed) -> None:
        """Say what is wrong."""
        message.stop()
        self.query_one("#said", Paper).show(lambda *_: (((f" {message.text}", "bad"),),))

    def action_scroll(self, rows: int) -> None:
        """Scroll what the piece says."""
        self.query_one("#said", Paper).scroll_relative(y=rows, animate=False)

    def action_open(self) -> None:
        """Show the piece where it belongs."""
        piece = self.piece
        if piece is not None:
            self.action_close()
            self.app.post_message(Opened(piece.opens, piece.screen))

    def action_close(self) -> None:
        """Leave; what is being hashed is given up after the piece at hand."""
        self._left = True
        super().action_close()


def _store(app: Dashboard) -> Objects:
    """The object store of the ledger in view: the workspace's, where the ledger is its own; else beside the ledger."""
    from app.workspace import Workspace
    from ledger.errors import AssayError
    from ledger.store.objects import Objects

    try:
        workspace = Workspace.find(app.root)
        if workspace.ledger_path.resolve() == app.gateway.path.resolve():
            return Objects(lambda: workspace.objects)
    except AssayError:
        pass
    return app.gateway.ledger().objects
