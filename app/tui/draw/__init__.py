"""Pure drawing: data in, lines of styled text out. Nothing here knows a database, a clock, a widget or a terminal."""
