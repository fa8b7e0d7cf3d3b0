"""Starts the command line: `python -m moorage`."""

from moorage.cli.application import main

if __name__ == "__main__":
    main()
