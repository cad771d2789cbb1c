"""The screen Rollouts: its page and style sheet, and what only it asks and draws."""
