"""The program mlbgen."""

import sys

from mlbgen.cli import main

if __name__ == "__main__":
    sys.exit(main())
