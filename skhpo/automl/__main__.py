"""``python -m skhpo.automl``: a model for a file."""

from skhpo.automl.command import main

if __name__ == "__main__":
    main()
