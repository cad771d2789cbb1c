"""``python -m app.cli``: the command line without its installed script."""

import sys

from app.cli.main import main

sys.exit(main())
