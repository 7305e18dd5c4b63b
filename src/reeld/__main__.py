"""`python -m reeld` is the `reeld` command."""

from reeld.cli import main

if __name__ == "__main__":
    main()
