"""`python -m ui` is the command `article-assistant`."""

import sys

from ui.cli import main

sys.exit(main())
