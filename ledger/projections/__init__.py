"""What the events mean: one module per noun, each a fold and its queries, every query "as of" a moment.

Rows are inserted, never updated, and carry the ``seq`` of the event that made them; so a past moment is a condition on
``seq``, not a replay.
"""

from ledger.projections.folding import TABLES, fold, rebuild, rows_of
from ledger.projections.view import View

__all__ = ["TABLES", "View", "fold", "rebuild", "rows_of"]
