"""The screen Lineage: its page and style sheet, and what only it asks and draws."""
