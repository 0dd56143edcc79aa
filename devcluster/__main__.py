"""`python -m devcluster build`: see cli.py."""

import sys

from devcluster.cli import main

sys.exit(main())
