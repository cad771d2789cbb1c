"""Commands: what is typed, and what is printed."""

import gc

# A command's start makes many objects and drops few of them; looking for those meanwhile would take a tenth of it.
gc.set_threshold(50_000, 20, 20)
