"""``python -m breglab`` is the command ``breglab``."""

from breglab.cli import main

if __name__ == "__main__":
    main()
