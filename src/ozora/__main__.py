"""``python -m ozora`` is the same as ``ozora``."""

from ozora.cli import main

if __name__ == "__main__":
    main()
