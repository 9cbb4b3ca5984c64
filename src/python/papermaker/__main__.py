"""python -m papermaker: the command line."""

from . import main

main()
