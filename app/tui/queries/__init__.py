"""What the screens ask: each module one screen's question, a function from a view to frozen data.

Queries run on worker threads through :class:`app.tui.gateway.Gateway`; they import the ledger when they are asked.
"""
