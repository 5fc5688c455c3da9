"""`python -m console.launch`: the whole of Hearth on this machine, until Ctrl-C."""

import sys

from console.launch.family import main

if __name__ == "__main__":
    sys.exit(main())
